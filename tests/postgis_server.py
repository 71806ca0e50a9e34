"""A PostGIS server of the tests' own: started once, on a free port of this machine, gone with them."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import shapely
from psycopg import sql

PASSWORD = "s3cret pass/word@1"  # noqa: S105  # of a server that nobody else reaches
IN_ADDRESS = "s3cret%20pass%2Fword%401"
OWNER = "owner"


def programs() -> Path | None:
    """The folder of the server's programs, where PostgreSQL is installed with PostGIS; the newest."""
    found = [Path(path).parent for path in ([shutil.which("initdb")] if shutil.which("initdb") else []) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in found:
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            shared = subprocess.run(
                [folder / "pg_config", "--sharedir"], capture_output=True, text=True, check=True
            ).stdout
            if Path(shared.strip(), "extension", "postgis.control").is_file():
                return folder
    return None


@dataclass
class Server:
    """The server.

    Attributes
    ----------
    programs, folder
        Of the server, and of its data.
    port
        On 127.0.0.1.
    """

    programs: Path
    folder: Path
    port: int

    def address(self, database: str = "city", user: str = OWNER, password: str = "") -> str:
        """The address of a database; without a password: that is in the environment."""
        word = f":{password}" if password else ""
        return f"postgresql://{user}{word}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off -c lc_messages=C -c autovacuum=off"
        self._run("pg_ctl", "start", "-w", "-D", self.folder / "data", "-l", self.folder / "log", "-o", options)

    def stop(self) -> None:
        """Stop it at once."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.folder / "data")

    def made(self) -> None:
        """Make its files, start it, and make a database with PostGIS."""
        word = self.folder / "word"
        word.write_text(PASSWORD, encoding="utf-8")
        if (user := _user()) is not None:
            shutil.chown(self.folder, user)
            shutil.chown(word, user)
        self._run(
            "initdb", "-D", self.folder / "data", "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={word}",
            "--encoding=UTF8", "--locale=C", "--no-sync",
        )  # fmt: skip
        self.start()
        self.execute("CREATE DATABASE city", database="postgres")
        self.execute("CREATE EXTENSION postgis")

    def execute(self, statement: str, values: Any = None, *, database: str = "city") -> list[Any]:
        """Run a statement as the owner, at once."""
        with self.connected(database) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    @contextlib.contextmanager
    def connected(self, database: str = "city") -> Iterator[psycopg.Connection]:
        """A connection of the owner's."""
        address = self.address(database)
        with psycopg.connect(address, password=PASSWORD, autocommit=True) as connection:
            yield connection

    def write(self, schema: str, name: str, table: pd.DataFrame, *, key: str | None = None) -> str:
        """Write a table as somebody else's program would; ``schema.name``."""
        shape = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
        kinds = {str(column): _kind(table[column]) for column in table if column != shape}
        rows = pd.DataFrame(
            {column: table[column].astype(object).where(table[column].notna(), None) for column in kinds}
        )
        if shape is not None:
            srid = table.crs.to_epsg() or 0 if table.crs is not None else 0
            kinds["geom"] = f"geometry(Geometry,{srid})"
            written = shapely.to_wkb(shapely.set_srid(table.geometry.array, srid), hex=True, include_srid=True)
            rows["geom"] = pd.Series(written, index=rows.index, dtype=object)
        columns = [sql.SQL("{} {}").format(sql.Identifier(one), sql.SQL(kind)) for one, kind in kinds.items()]
        if key is not None:
            columns.append(sql.SQL("PRIMARY KEY ({})").format(sql.Identifier(key)))
        place = sql.Identifier(schema, name)
        with self.connected() as connection, connection.transaction():
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
            connection.execute(sql.SQL("CREATE TABLE {} ({})").format(place, sql.SQL(", ").join(columns)))
            with connection.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(place)) as copy:
                for row in rows.itertuples(index=False):
                    copy.write_row(row)
        return f"{schema}.{name}"

    def emptied(self) -> None:
        """Drop what tests made: schemas and roles."""
        with self.connected() as connection:
            for (name,) in connection.execute(
                "SELECT nspname FROM pg_namespace WHERE left(nspname, 3) <> 'pg_' "
                "AND nspname NOT IN ('public', 'information_schema')"
            ).fetchall():
                connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
            for (name,) in connection.execute(
                "SELECT rolname FROM pg_roles WHERE left(rolname, 3) <> 'pg_' AND rolname <> %s", (OWNER,)
            ).fetchall():
                connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))

    def role(self, name: str, *grants: str) -> None:
        """Make somebody else, with the owner's password and what is granted: ``USAGE ON SCHEMA gis``."""
        with self.connected() as connection:
            who = sql.Identifier(name)
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(who, sql.Literal(PASSWORD)))
            for grant in grants:
                connection.execute(sql.SQL("GRANT {} TO {}").format(sql.SQL(grant), who))

    def _run(self, program: str, *arguments: object) -> None:
        # The server keeps the streams of what starts it: none of them is waited for.
        with Path(self.folder, "start.log").open("ab") as log:
            subprocess.run(
                [self.programs / program, *map(str, arguments)],
                check=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, user=_user(), env=_plain(),
            )  # fmt: skip


def _user() -> str | None:
    """Whom the server runs as: it refuses to be root's."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _plain() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _kind(column: pd.Series) -> str:
    return {"i": "bigint", "f": "double precision", "b": "boolean"}.get(column.dtype.kind, "text")


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A server, as long as the block runs."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL with PostGIS")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Not below pytest's own folder, which nobody but its user may enter.
    place = Path(tempfile.mkdtemp(prefix="jxgis-postgis-"))
    place.chmod(0o755)
    server = Server(folder, place, port)
    try:
        server.made()
        yield server
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            server.stop()
        shutil.rmtree(place, ignore_errors=True)
