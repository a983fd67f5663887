"""Adding many rows at once, as fast as each database takes them."""

from collections.abc import Sequence
from contextlib import closing
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, insert

from service.tables import Base

# Fewer rows are sooner sent as statements than a copy is begun.
_MANY = 5


def add_rows(connection: Connection, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that all have the same keys.

    PostgreSQL takes a statement for every row otherwise; COPY keeps all rules and triggers and is
    part of the transaction, too.
    """
    if connection.dialect.name != "postgresql" or len(rows) < _MANY:
        connection.execute(insert(table), list(rows))
        return
    names = tuple(rows[0])
    columns = _processors(table, names, connection.dialect)
    cursor: Any = connection.connection.cursor()
    with closing(cursor), cursor.copy(_copy(table, names)) as copy:
        for row in rows:
            copy.write_row(
                [row[name] if process is None else process(row[name]) for name, process in columns]
            )


@cache
def _copy(table: type[Base], names: tuple[str, ...]) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f'COPY "{table.__tablename__}" ({columns}) FROM STDIN'


def _processors(
    table: type[Base], names: tuple[str, ...], dialect: Dialect
) -> list[tuple[str, Any]]:
    types = {name: table.__table__.c[name].type.dialect_impl(dialect) for name in names}
    return [(name, type_.bind_processor(dialect)) for name, type_ in types.items()]
