"""Deciding on many comments in one step, which can be taken back in one step."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    RowMapping,
    and_,
    delete,
    exists,
    func,
    select,
)

from moderation import Action
from service.actors import Actor
from service.comments import fetch_current
from service.database import writing
from service.filters import in_order, matching
from service.queue import count, newest
from service.recording import record_all
from service.schema import QueueFilter
from service.tables import Claim, Comment, Decision

BATCH_LIMIT = 5_000
"""Most comments that one step decides on; what is left is told and takes another step."""

_SAMPLE = 10
# Few enough for other writers to get their turn in between.
_CHUNK = 250


@dataclass(frozen=True, slots=True)
class Bulk:
    """What is to become of all of them."""

    action: Action
    reason: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a filter would decide on.

    Parameters
    ----------
    count : int
        How many comments.
    sample : sequence of mapping
        The first of them by score, as `fetch_current` returns them.
    up_to : int
        Number of the newest comment there is: what comes in later is left out of the step.
    """

    count: int
    sample: Sequence[RowMapping]
    up_to: int


@dataclass(slots=True)
class BulkResult:
    """What came of it.

    Parameters
    ----------
    batch_id : str
        Takes it back.
    decided : list of int
        Numbers of the comments.
    passed_over : int
        Comments that had been decided on or edited, or that somebody was working on.
    left : int
        Comments beyond `BATCH_LIMIT`.
    """

    batch_id: str
    decided: list[int] = field(default_factory=list)
    passed_over: int = 0
    left: int = 0


def preview(connection: Connection, actor: Actor, wanted: QueueFilter) -> Preview:
    """Return what `decide_matching` would decide on, without deciding."""
    condition = _free(connection, actor, wanted)
    up_to = connection.scalar(select(func.max(Comment.id))) or 0
    sample = connection.scalars(
        select(Comment.id).where(condition).order_by(*in_order("score")).limit(_SAMPLE)
    ).all()
    rows = fetch_current(connection, Comment.id.in_(sample), order_by=in_order("score"))
    return Preview(count(connection, condition), rows, up_to)


def decide_matching(
    engine: Engine, actor: Actor, wanted: QueueFilter, *, up_to: int, bulk: Bulk
) -> BulkResult:
    """Decide on all comments that a filter leaves, but for those newer than `up_to`."""
    with engine.connect() as connection:
        condition = and_(_free(connection, actor, wanted), Comment.id <= up_to)
        found = connection.execute(
            select(Comment.id, Comment.revision)
            .where(condition)
            .order_by(*in_order("score"))
            .limit(BATCH_LIMIT)
        ).all()
        left = count(connection, condition) - len(found) if len(found) == BATCH_LIMIT else 0
    result = decide_selected(engine, actor, [(row.id, row.revision) for row in found], bulk=bulk)
    result.left = left
    return result


def decide_selected(
    engine: Engine, actor: Actor, selected: Sequence[tuple[int, int]], *, bulk: Bulk
) -> BulkResult:
    """Decide on comments given by their number and the revision that was read."""
    result = BulkResult(str(uuid.uuid4()))
    selected = list(dict.fromkeys(selected))
    result.left = max(0, len(selected) - BATCH_LIMIT)
    for chunk in _chunks(selected[:BATCH_LIMIT]):
        with writing(engine) as connection:
            decided = _decide(connection, actor, dict(chunk), bulk=bulk, batch_id=result.batch_id)
        result.decided += decided
        result.passed_over += len(chunk) - len(decided)
    return result


def _chunks(selected: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(selected), _CHUNK):
        yield selected[start : start + _CHUNK]


def _free(connection: Connection, actor: Actor, wanted: QueueFilter) -> ColumnElement[bool]:
    return and_(actor.visible, _not_held(actor), matching(connection, wanted))


def _not_held(actor: Actor) -> ColumnElement[bool]:
    held = exists().where(Claim.comment_id == Comment.id, Claim.expires_at > datetime.now(UTC))
    if actor.moderator_id is not None:
        held = held.where(Claim.moderator_id != actor.moderator_id)
    return ~held


def _decide(
    connection: Connection,
    actor: Actor,
    revisions: dict[int, int],
    *,
    bulk: Bulk,
    batch_id: str,
) -> list[int]:
    """Decide on those of some comments that still wait as they were read."""
    locked = connection.execute(
        select(Comment.id, Comment.revision)
        .where(Comment.id.in_(revisions), actor.visible, _not_held(actor))
        .order_by(Comment.id)
        .with_for_update(of=Comment, skip_locked=True)
    ).all()
    ids = [row.id for row in locked if row.revision == revisions[row.id]]
    if not ids:
        return []
    before = newest(connection, Decision, ids)
    now = datetime.now(UTC)
    same = {
        "action": bulk.action.value,
        "reasons": [bulk.reason] if bulk.reason else [],
        "note": bulk.note,
        "batch_id": batch_id,
        "created_at": now,
    } | actor.made_by
    record_all(
        connection,
        [
            same
            | {name: before[number][name] for name in ("model", "policy")}
            | {"comment_id": number, "revision": revisions[number]}
            for number in ids
        ],
    )
    connection.execute(delete(Claim).where(Claim.comment_id.in_(ids)))
    return ids


def undo_batch(engine: Engine, actor: Actor, batch_id: str, *, since: datetime) -> list[int]:
    """Take back what a step decided, and return the comments that are in review again.

    Left alone are comments that have been decided on or edited since, decisions before `since`,
    and those of others, unless the actor leads.
    """
    mine = and_(_of_batch(actor, batch_id), Decision.created_at > since)
    with engine.connect() as connection:
        ids = connection.scalars(
            select(Decision.comment_id)
            .join(Comment, Comment.id == Decision.comment_id)
            .where(mine, actor.sites, Decision.undoes.is_(None))
            .order_by(Decision.comment_id)
        ).all()
    taken_back: list[int] = []
    for chunk in _chunks(ids):
        with writing(engine) as connection:
            taken_back += _take_back(connection, actor, chunk, batch_id=batch_id)
    return taken_back


def is_batch(connection: Connection, actor: Actor, batch_id: str) -> bool:
    """Return whether there is a step that the actor may take back."""
    return bool(connection.scalar(select(exists().where(_of_batch(actor, batch_id)))))


def _of_batch(actor: Actor, batch_id: str) -> ColumnElement[bool]:
    of_batch = Decision.batch_id == batch_id
    if actor.leads:
        return of_batch
    return and_(
        of_batch,
        Decision.moderator_id.is_not_distinct_from(actor.moderator_id),
        Decision.api_key_id.is_not_distinct_from(actor.api_key_id),
    )


def _take_back(
    connection: Connection, actor: Actor, ids: Sequence[int], *, batch_id: str
) -> list[int]:
    connection.execute(
        select(Comment.id).where(Comment.id.in_(ids)).order_by(Comment.id).with_for_update()
    ).all()
    last = newest(connection, Decision, ids)
    standing = [number for number in ids if last[number]["batch_id"] == batch_id]
    standing = [number for number in standing if last[number]["undoes"] is None]
    before = _before(connection, [last[number]["id"] for number in standing])
    rows = [
        {
            name: before[number][name]
            for name in ("comment_id", "revision", "action", "reasons", "model", "policy")
        }
        | {"undoes": last[number]["id"], "created_at": datetime.now(UTC)}
        | actor.made_by
        for number in standing
        if before[number]["revision"] == last[number]["revision"]
    ]
    if rows:
        record_all(connection, rows)
    return [row["comment_id"] for row in rows]


def _before(connection: Connection, decision_ids: Sequence[int]) -> dict[int, RowMapping]:
    """Return for each comment the decision before the given one."""
    later = Decision.__table__.alias("later")
    earlier = (
        select(func.max(Decision.id))
        .join(later, (later.c.comment_id == Decision.comment_id) & (later.c.id > Decision.id))
        .where(later.c.id.in_(decision_ids))
        .group_by(Decision.comment_id)
    )
    rows = connection.execute(select(Decision.__table__).where(Decision.id.in_(earlier)))
    return {row["comment_id"]: row for row in rows.mappings()}
