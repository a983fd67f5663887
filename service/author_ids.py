"""Ids of readers, kept as they come or only as keyed hashes, as the operator says.

A hash still tells one reader from the other, so that their history, flags and export stay; who
it is cannot be told without the secret, which is kept outside of the database.
"""

import hmac
import re
from hashlib import sha256
from typing import Final
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect, Engine, Text, text
from sqlalchemy.types import TypeDecorator

from service.database import writing

_MARK: Final = "hmac:"
_HASHED = re.compile(rf"{_MARK}[0-9a-f]{{32}}")
# Each in an index of its own order, so that the next ones are found without reading all.
_COLUMNS: Final = (("comment", "author_id"), ("flag", "reporter_id"))
_STEP = 500
_secrets: WeakKeyDictionary[Dialect, bytes] = WeakKeyDictionary()


def hash_ids(engine: Engine, secret: str | None) -> Engine:
    """Keep ids of readers as hashes in this database from now on, if there is a secret."""
    if secret is not None:
        _secrets[engine.dialect] = secret.encode()
    return engine


def kept_id(value: str, dialect: Dialect) -> str:
    """Return what is kept of an id; a hash stays what it is."""
    secret = _secrets.get(dialect)
    if secret is None or _HASHED.fullmatch(value):
        return value
    return _MARK + hmac.new(secret, value.encode(), sha256).hexdigest()[:32]


class ReaderId(TypeDecorator[str]):
    """The id of a reader, hashed wherever it is written or looked for."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return what is kept of an id."""
        return None if value is None else kept_id(value, dialect)


def hash_kept_ids(engine: Engine, *, dry_run: bool = False) -> int:
    """Hash the ids that were kept as they came; return how many different ones there were.

    Notes
    -----
    May be broken off and begun again, while the service goes on.
    """
    return sum(_hash_column(engine, table, column, dry_run=dry_run) for table, column in _COLUMNS)


def _hash_column(engine: Engine, table: str, column: str, *, dry_run: bool) -> int:
    # ruff: noqa: S608 - of constants of this module
    following = text(
        f"SELECT DISTINCT {column} FROM {table} WHERE {column} > :after"
        f" AND {column} NOT LIKE '{_MARK}%' ORDER BY {column} LIMIT {_STEP}"
    )
    # By hand: an id in the way of the tables would be hashed before it is looked for.
    change = text(f"UPDATE {table} SET {column} = :new WHERE {column} = :old")
    after, number = "", 0
    while True:
        with writing(engine) as connection:
            found = list(connection.scalars(following, {"after": after}))
            if not found:
                return number
            if not dry_run:
                _change(connection, change, found)
        after, number = found[-1], number + len(found)


def _change(connection: Connection, change: object, ids: list[str]) -> None:
    dialect = connection.dialect
    rows = [{"old": each, "new": kept_id(each, dialect)} for each in ids]
    connection.execute(change, rows)  # type: ignore[call-overload] # a text
