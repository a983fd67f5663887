"""A chain of digests over decisions and audit: who changes the past must change all that follows.

The newest digest, written down elsewhere, proves all that came before it. Sample comments are
left out: they may be removed.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, Select, func, insert, select, text

from service.database import writing
from service.samples import PREFIX
from service.tables import Audit, Comment, Decision, Seal

_START = "0" * 64
# Few enough for other writers not to notice.
_STEP = 2_000


@dataclass(frozen=True, slots=True)
class Verification:
    """What a look at the chain found.

    Parameters
    ----------
    seals : int
        How many hold.
    digest : str
        The newest that holds.
    broken : int, optional
        Number of the first seal that does not.
    unsealed : int
        Rows that came after the newest seal.
    """

    seals: int
    digest: str
    broken: int | None
    unsealed: int


def seal(engine: Engine) -> bool:
    """Seal what came since the newest seal, or the first part of it; False if that is nothing."""
    settled = _settled(engine)
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE seal IN EXCLUSIVE MODE"))
        query = select(Seal.last_decision, Seal.last_audit, Seal.digest)
        row = connection.execute(query.order_by(Seal.id.desc()).limit(1)).one_or_none()
        first, before = ((0, 0), _START) if row is None else ((row[0], row[1]), row[2])
        up_to = _at_most(settled[0], first[0]), _at_most(settled[1], first[1])
        if up_to == first:
            return False
        connection.execute(
            insert(Seal).values(
                last_decision=up_to[0],
                last_audit=up_to[1],
                digest=_digest(connection, before, first=first, up_to=up_to),
                created_at=datetime.now(UTC),
            )
        )
    return True


def _at_most(settled: int, first: int) -> int:
    return max(first, min(settled, first + _STEP))


def _settled(engine: Engine) -> tuple[int, int]:
    """Return numbers up to which no row can come any more."""
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # Numbers are given before the commit: wait for those who are writing.
            connection.execute(text("LOCK TABLE decision, audit IN SHARE MODE"))
        return _newest(connection)


def verify(connection: Connection) -> Verification:
    """Compute all seals anew and compare."""
    digest, first, held = _START, (0, 0), 0
    for row in connection.execute(select(Seal.__table__).order_by(Seal.id)).all():
        up_to = (row.last_decision, row.last_audit)
        expected = _digest(connection, digest, first=first, up_to=up_to)
        if expected != row.digest:
            return Verification(held, digest, row.id, 0)
        digest, first, held = expected, up_to, held + 1
    newest = _newest(connection)
    return Verification(held, digest, None, sum(newest) - sum(first))


def _newest(connection: Connection) -> tuple[int, int]:
    decisions = connection.scalar(select(func.max(Decision.id))) or 0
    return decisions, connection.scalar(select(func.max(Audit.id))) or 0


def _digest(
    connection: Connection, before: str, *, first: tuple[int, int], up_to: tuple[int, int]
) -> str:
    digest = hashlib.sha256(before.encode())
    decisions = (
        select(Decision.__table__)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(~Comment.external_id.startswith(PREFIX, autoescape=True))
        .where(Decision.id > first[0], Decision.id <= up_to[0])
        .order_by(Decision.id)
    )
    others = (
        select(Audit.__table__).where(Audit.id > first[1], Audit.id <= up_to[1]).order_by(Audit.id)
    )
    for line in (*_lines(connection, decisions), *_lines(connection, others)):
        digest.update(line)
    return digest.hexdigest()


def _lines(connection: Connection, query: Select[Any]) -> Iterator[bytes]:
    for row in connection.execute(query).mappings():
        plain = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in row.items()
        }
        yield orjson.dumps(plain, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
