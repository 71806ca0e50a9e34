"""``[output]``: where results go beside their folder."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from jxgis._postgis import is_address
from jxgis._toml import RuleError
from jxgis.settings._option import Section, option

__all__ = ["OutputSettings"]

_NAME_BYTES = 63


class OutputSettings(Section):
    """``[output]``: the database that holds the tables of results, and their schema in it."""

    database: str | None = option(
        None,
        "结果的各图层另写入 PostGIS 数据库；密码用环境变量 PGPASSWORD 或 ~/.pgpass",
        "PostGIS database that results are written to as well; the password comes from PGPASSWORD or ~/.pgpass",
        example="postgresql://user@host:5432/city",
    )
    schema_name: Annotated[str, Field(min_length=1)] = option(
        "jxgis", "写入哪个模式；没有就新建", "schema of these tables; made where there is none", alias="schema"
    )

    @field_validator("database")
    @classmethod
    def _address(cls, database: str | None) -> str | None:
        if database is not None and not is_address(database):
            raise RuleError(
                zh="须为数据库地址，如 postgresql://user@host:5432/city",
                en="has to be the address of a database, such as postgresql://user@host:5432/city",
            )
        return database

    @field_validator("schema_name")
    @classmethod
    def _fits(cls, name: str) -> str:
        if len(name.encode()) > _NAME_BYTES or "\0" in name or name.startswith("pg_"):
            raise RuleError(
                zh=f"模式名至多 {_NAME_BYTES} 字节，不能以 pg_ 开头",
                en=f"is the name of a schema: {_NAME_BYTES} bytes at most, not beginning with pg_",
            )
        return name
