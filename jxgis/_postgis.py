"""The boundary at which a database is opened: what its address may be, and what each of its refusals is called."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis.errors import InputError, JxgisError, MissingPackageError, OutputError
from jxgis.i18n import Text
from jxgis.privacy import mask
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import psycopg

__all__ = ["has_password", "is_address", "require_folder", "session"]

_SCHEMES = ("postgresql://", "postgres://")
# A server that is not there, or goes without a word, is waited for so long, in seconds; an address may say otherwise.
_PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
# Of a refused connection the server says nothing but words, in the language of its settings.
_NO_DATABASE = re.compile(r'(?:database|数据库)\s*"(.*)"\s*(?:does not exist|不存在)', re.IGNORECASE)
_FATAL = re.compile(r"(?:FATAL|致命错误)[:：]\s*(.+)")
# Codes of PostgreSQL, by how they begin (its manual, appendix A).
_LOST = ("080", "57P")
_BUSY = ("40", "55P03", "57014")
_FULL = ("53", "54")
_DENIED = ("42501", "25006")
_NO_SIGN = "22021"
_NO_SELECT = ("42601", "0A000", "08P01")
_IN_USE = "2BP01"


def is_address(source: object) -> bool:
    """Whether a source is the address of a database, not a path.

    Examples
    --------
    >>> is_address("postgresql://gis@db:5432/city"), is_address("data/parks.gpkg")
    (True, False)
    """
    return isinstance(source, str) and source.strip().lower().startswith(_SCHEMES)


def require_folder(path: str | Path) -> None:
    """Refuse the address of a database where results go into a folder: its password would come to stand in names.

    Raises
    ------
    OutputError
    """
    # A path has one slash of the two.
    if str(path).strip().lower().startswith(tuple(scheme[:-1] for scheme in _SCHEMES)):
        raise OutputError(
            zh="这里要写文件夹，不是数据库地址；结果另写入数据库，用设置 [output] database。",
            en="This is to be a folder, not the address of a database; [output] database writes results there as well.",
        )


def has_password(address: str) -> bool:
    """Whether an address holds a password, which belongs into the environment or a file of its own."""
    return bool(_parts(address).get("password"))


@contextlib.contextmanager
def session(address: str, *, what: str, kind: type[JxgisError] = InputError) -> Iterator[psycopg.Connection]:
    """A connection, closed at the end; what the server or its driver refuses within is said in one message.

    The password comes from the address, or from wherever libpq looks for it: ``PGPASSWORD``, ``~/.pgpass``, a service file.

    Parameters
    ----------
    address
        ``postgresql://user@host:port/name``.
    what
        The table that is read, or the schema that is written, for messages.
    kind
        ``OutputError`` where it is written to.

    Yields
    ------
    psycopg.Connection
        Nothing stays that was not committed.

    Raises
    ------
    InputError, OutputError
        Without the address, which may hold a password.
    MissingPackageError
        Where psycopg is not installed.
    """
    given = _parts(address)
    where = _where(given)
    patience = {name: value for name, value in _PATIENCE.items() if name not in given}
    if "PGCONNECT_TIMEOUT" in os.environ:
        patience.pop("connect_timeout", None)
    import psycopg

    try:
        connection = psycopg.connect(_libpq(address), client_encoding="utf8", application_name="jxgis", **patience)  # type: ignore[arg-type]  # options of libpq
    except psycopg.Error as error:
        raise kind.saying(_not_reached(address, error, where)) from None
    try:
        yield connection
    except psycopg.Error as error:
        raise kind.saying(_refused(error, what, where, writing=kind is OutputError)) from None
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.close()


def _libpq(address: str) -> str:
    scheme, rest = address.strip().split("://", 1)
    return f"{scheme.lower()}://{rest}"


def _parts(address: str) -> Mapping[str, str]:
    """What an address says; nothing of it is quoted where it cannot be read: any of it may be the password."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise MissingPackageError(
            zh="读写 PostGIS 数据库需要 psycopg；请运行 pip install 'jxgis[postgis]'。",
            en="PostGIS databases need psycopg; run pip install 'jxgis[postgis]'.",
        ) from None
    try:
        given = {name: str(value) for name, value in conninfo_to_dict(_libpq(address)).items()}
    except psycopg.Error:
        given = {"host": "@"}
    # A password that holds @ or / ends too early, and what is left of it would be taken for a host or a name.
    told = "".join(given.get(name, "") for name in ("host", "hostaddr", "dbname"))
    if "@" in told or not given.get("port", "0").replace(",", "").isdecimal():
        raise InputError(
            zh="数据库地址无法读懂；应为 postgresql://用户@主机:端口/数据库名。用户名和密码中的 @ : / ? # % 要写成 %40 %3A %2F %3F %23 %25；"
            "密码最好不写在地址里，而用环境变量 PGPASSWORD 或文件 ~/.pgpass。",
            en="The address of the database cannot be read; it should be postgresql://user@host:port/name. In the user and the "
            "password @ : / ? # % are written %40 %3A %2F %3F %23 %25; better leave the password to PGPASSWORD or ~/.pgpass.",
        )
    return given


def _where(given: Mapping[str, str]) -> str:
    """A database as messages name it, which may come to stand in a result: neither user nor password nor machine."""
    return given.get("dbname") or given.get("service") or os.environ.get("PGDATABASE") or "postgresql"


def _not_reached(address: str, error: psycopg.Error, where: str) -> Text:
    """Why there is no connection."""
    words = str(error)
    missing, fatal = _NO_DATABASE.search(words), _FATAL.search(words)
    pgconn = error.pgconn
    if missing is not None:
        hint = nearest(missing[1], _databases(address))
        return Text(
            zh=f"服务器上没有数据库“{missing[1]}”{hint.zh}",
            en=f"The server has no database {missing[1]!r}{hint.en}",
        )
    if pgconn is not None and pgconn.needs_password:
        return Text(
            zh=f"数据库 {where} 需要密码；请设环境变量 PGPASSWORD，或写入文件 ~/.pgpass（主机:端口:数据库:用户:密码）。",
            en=f"The database {where} needs a password: set PGPASSWORD, or write it into ~/.pgpass (host:port:database:user:password).",
        )
    if pgconn is not None and pgconn.used_password and fatal is not None:
        return Text(
            zh=f"数据库 {where} 不接受这个用户和密码（{fatal[1]}）；请检查用户名，以及 PGPASSWORD 或 ~/.pgpass 中的密码。",
            en=f"The database {where} does not take this user and password ({fatal[1]}); check the user, and the password in "
            "PGPASSWORD or ~/.pgpass.",
        )
    if fatal is not None:
        return Text(
            zh=f"数据库 {where} 拒绝了连接（{fatal[1]}）；请检查用户名和地址，或问管理员。",
            en=f"The database {where} refuses the connection ({fatal[1]}); check the user and the address, or ask who runs it.",
        )
    return Text(
        zh=f"连接不上数据库 {where}；请检查地址中的主机和端口、服务器是否在运行、网络和防火墙。",
        en=f"The database {where} cannot be reached; check host and port in its address, whether the server runs, the network and "
        "its firewall.",
    )


def _databases(address: str) -> list[str]:
    """The databases that a server has, where its own one tells."""
    import psycopg

    try:
        with psycopg.connect(_libpq(address), dbname="postgres", connect_timeout=10) as connection:
            return [
                name for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datallowconn ORDER BY 1")
            ]
    except psycopg.Error:
        return []


def _refused(error: psycopg.Error, what: str, where: str, *, writing: bool) -> Text:
    """What went wrong once there was a connection."""
    import psycopg

    code = error.sqlstate or ""
    said = mask(" ".join((error.diag.message_primary or str(error)).split()))
    nothing = Text(zh="没有写入任何内容。", en=" Nothing was written.") if writing else Text("", "")
    if code.startswith(_LOST) or (not code and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)):
        zh = f"与数据库 {where} 的连接中断了（{what}）：服务器停止，或网络断开。"
        en = f"The connection to the database {where} is gone ({what}): the server stopped, or the network failed."
        again = Text(zh="没有用读到一半的数据，请稍后重试。", en=" What was read in part is not used; try again later.")
        rest = nothing if writing else again
    elif code.startswith(_BUSY):
        zh = f"数据库 {where} 没有等到 {what}（{said}）：表正被占用，或超过了服务器的时限；请稍后重试。"
        en = f"The database {where} did not come to {what} in time ({said}): it is in use, or too slow for the server's limit; try again."
        rest = nothing
    elif code.startswith(_FULL):
        zh, en = f"数据库 {where} 容纳不下 {what}（{said}）。", f"The database {where} has no room for {what} ({said})."
        rest = nothing
    elif code == _NO_SIGN and not writing:
        zh = f"{what}：数据库 {where} 中有不是 UTF-8 的文字（{said}），其编码可能是 SQL_ASCII；请管理员转换，或导出为 CSV 再读。"
        en = f"{what}: the database {where} holds text that is not UTF-8 ({said}); its encoding may be SQL_ASCII: have it converted, or export a CSV and read that."
        rest = nothing
    elif code in _DENIED:
        zh = f"数据库 {where} 的这个用户没有{'写入' if writing else '读取'} {what} 的权限（{said}）；请管理员授权，或换一个用户。"
        en = f"This user of the database {where} may not {'write' if writing else 'read'} {what} ({said}); have it granted, or use another."
        rest = nothing
    elif code == _IN_USE:
        on = mask(" ".join((error.diag.message_detail or said).split()))
        zh = f"模式 {what} 中的表要换成新的列，但有别人的视图建在上面（{on}）；请先删除这些视图，写入后再建。"
        en = f"Tables in the schema {what} are to have other columns, but somebody's views stand on them ({on}): drop these, and make them again afterwards."
        rest = nothing
    else:
        zh, en = f"数据库 {where} 拒绝了 {what}：{said}。", f"The database {where} refuses {what}: {said}."
        single = Text(zh="query 须是单独一条 SELECT 语句。", en=" A query is one single SELECT.")
        rest = nothing if writing or code not in _NO_SELECT else single
    return Text(zh=f"{zh}{rest.zh}", en=f"{en}{rest.en}")
