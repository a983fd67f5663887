"""What a moderator does with the comment before them; every decision is a new row."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    RowMapping,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
)
from sqlalchemy.orm import aliased

from moderation import Action
from service.actors import in_person
from service.batches import undo_batch
from service.claims import holder, release
from service.database import writing
from service.moderators import Person, Role
from service.recording import ESCALATED, newest_decision, record
from service.tables import Comment, Decision, Skip

UNDO_TIME = timedelta(minutes=30)

_later = aliased(Decision)
_FOLLOWED = exists().where(_later.comment_id == Decision.comment_id, _later.id > Decision.id)
_UNDOABLE = (
    select(Decision.__table__)
    .where(
        Decision.moderator_id == bindparam("moderator"),
        Decision.created_at > bindparam("since"),
        Decision.undoes.is_(None),
        # Passed over, or it would hide for half an hour what was decided before it.
        ~_FOLLOWED,
    )
    .order_by(Decision.id.desc())
    .limit(1)
)


class Move(StrEnum):
    """What can be done with a comment in review."""

    APPROVE = "approve"
    REJECT = "reject"
    ESCALATE = "escalate"
    SKIP = "skip"


class Refusal(StrEnum):
    """Why nothing was done."""

    GONE = "gone"
    CHANGED = "changed"
    DECIDED = "decided"
    HELD = "held"
    FOR_LEADS = "for_leads"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a moderator wants done, and the revision that they read."""

    comment_id: int
    revision: int
    move: Move
    reason: str | None = None
    note: str | None = None
    until_edited: bool = False


def act(engine: Engine, person: Person, wish: Wish) -> Refusal | None:
    """Do what a moderator wants; None if it was done."""
    with writing(engine) as connection:
        comment = connection.execute(
            select(Comment.id, Comment.revision, Comment.action, Comment.escalated)
            .where(Comment.id == wish.comment_id)
            .with_for_update()
        ).one_or_none()
        refusal = _refusal(connection, person, wish=wish, comment=comment)
        if refusal is not None:
            return refusal
        if wish.move is Move.SKIP:
            _skip(connection, person, comment_id=wish.comment_id)
        else:
            _decide(connection, person, wish=wish)
        release(connection, wish.comment_id)
        return None


def undo(engine: Engine, person: Person, *, within: timedelta | None = None) -> int | None:
    """Take back the newest of a moderator's moves that still stands; return its comment.

    A decision goes back by a new one that says what it undoes. One on which another decision, a
    reader's report or an edit has followed stays and is passed over; so is everything older than
    `within`, by default `UNDO_TIME`. A bulk decision goes back whole; one of its comments is
    returned.
    """
    since = datetime.now(UTC) - (UNDO_TIME if within is None else within)
    batch_id = _newest_batch(engine, person, since)
    if batch_id is not None:
        return next(iter(undo_batch(engine, in_person(person), batch_id, since=since)), None)
    with writing(engine) as connection:
        skip = connection.execute(
            select(Skip.comment_id, Skip.created_at)
            .where(Skip.moderator_id == person.id, Skip.created_at > since)
            .order_by(Skip.created_at.desc())
            .limit(1)
        ).one_or_none()
        decision = connection.execute(_UNDOABLE, {"moderator": person.id, "since": since})
        last = decision.mappings().one_or_none()
        if skip is not None and (last is None or last["created_at"] < skip.created_at):
            connection.execute(delete(Skip).where(_of(skip.comment_id, person)))
            return int(skip.comment_id)
        return None if last is None else _take_back(connection, person, last=last)


def stands(connection: Connection, batch_id: str) -> bool:
    """Return whether anything of a bulk decision is still as it left it."""
    found = select(exists().where(Decision.batch_id == batch_id, ~_FOLLOWED))
    return bool(connection.scalar(found))


def _newest_batch(engine: Engine, person: Person, since: datetime) -> str | None:
    """Return the bulk decision that a moderator made last, if they have made no move since."""
    skipped = select(func.max(Skip.created_at)).where(Skip.moderator_id == person.id)
    with engine.connect() as connection:
        last = connection.execute(_UNDOABLE, {"moderator": person.id, "since": since}).first()
        moved_on = connection.scalar(skipped)
    if last is None or (moved_on is not None and moved_on > last.created_at):
        return None
    batch_id: str | None = last.batch_id
    return batch_id


def _refusal(
    connection: Connection, person: Person, *, wish: Wish, comment: Row[int, int, str, bool] | None
) -> Refusal | None:
    if comment is None:
        return Refusal.GONE
    if comment.revision != wish.revision:
        return Refusal.CHANGED
    if comment.action != Action.REVIEW:
        return Refusal.DECIDED
    if comment.escalated and not person.role.covers(Role.LEAD):
        return Refusal.FOR_LEADS
    if holder(connection, wish.comment_id, datetime.now(UTC)) not in {None, person.id}:
        return Refusal.HELD
    return None


def _of(comment_id: int, person: Person) -> ColumnElement[bool]:
    return (Skip.comment_id == comment_id) & (Skip.moderator_id == person.id)


def _skip(connection: Connection, person: Person, *, comment_id: int) -> None:
    connection.execute(delete(Skip).where(_of(comment_id, person)))
    connection.execute(
        insert(Skip).values(
            comment_id=comment_id, moderator_id=person.id, created_at=datetime.now(UTC)
        )
    )


def _decide(connection: Connection, person: Person, *, wish: Wish) -> None:
    before = newest_decision(connection, wish.comment_id)
    escalates = wish.move is Move.ESCALATE
    row = {
        "action": Action.REVIEW.value if escalates else wish.move.value,
        "reasons": [ESCALATED] if escalates else [wish.reason] if wish.reason else [],
        "note": wish.note,
        "until_edited": wish.until_edited and wish.move is Move.APPROVE,
    }
    _append(connection, person, before=before, row=row)


def _append(
    connection: Connection, person: Person, *, before: RowMapping, row: dict[str, Any]
) -> None:
    same = {name: before[name] for name in ("comment_id", "revision", "model", "policy")}
    made = {"source": "moderator", "moderator_id": person.id, "created_at": datetime.now(UTC)}
    record(connection, same | made | row)


def _take_back(connection: Connection, person: Person, *, last: RowMapping) -> int | None:
    comment_id = int(last["comment_id"])
    connection.execute(select(Comment.id).where(Comment.id == comment_id).with_for_update())
    rows = (
        connection.execute(
            select(Decision.__table__)
            .where(Decision.comment_id == comment_id)
            .order_by(Decision.id.desc())
            .limit(2)
        )
        .mappings()
        .all()
    )
    newest, before = rows[0], rows[-1]
    if newest["id"] != last["id"] or before["revision"] != last["revision"]:
        return None
    row = {
        "action": before["action"],
        "reasons": before["reasons"],
        "undoes": last["id"],
        "note": None,
    }
    _append(connection, person, before=before, row=row)
    release(connection, comment_id)
    return comment_id
