"""Readers' flags: they bring a published comment back to the queue, unless it is settled."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, func, insert, select, update

from moderation import Action
from service.by_key import locked
from service.database import writing
from service.keys import Caller
from service.newsroom_errors import gone
from service.recording import newest_decision, record
from service.rules import Rules
from service.schema import FlagIn
from service.tables import Comment, Flag

FLAGGED = "flagged"


def flag(
    engine: Engine, external_id: str, *, flag: FlagIn, caller: Caller, rules: Rules
) -> dict[str, Any] | None:
    """Store a reader's flag; None if there is no such comment.

    The same reader counts once for a comment; anonymous flags count each.
    """
    with writing(engine) as connection:
        current = locked(connection, caller.site_id, external_id)
        if current is None:
            return None
        if not current["text"]:
            raise gone()
        comment_id = current["id"]
        if _add(connection, current, flag):
            counted = select(func.count()).where(Flag.comment_id == comment_id).scalar_subquery()
            connection.execute(
                update(Comment).where(Comment.id == comment_id).values(flags=counted)
            )
            _bring_back(connection, current, rules)
        state = select(Comment.action, Comment.flags).where(Comment.id == comment_id)
        row = connection.execute(state).one()
        return {"id": external_id, "flags": row.flags, "action": row.action}


def flags_of(connection: Connection, comment_id: int) -> list[RowMapping]:
    """Return the flags of a comment, newest first."""
    query = select(Flag.revision, Flag.reason, Flag.note, Flag.created_at)
    query = query.where(Flag.comment_id == comment_id).order_by(Flag.id.desc())
    return list(connection.execute(query).mappings())


def _add(connection: Connection, current: RowMapping, flag: FlagIn) -> bool:
    known = select(Flag.id).where(
        Flag.comment_id == current["id"], Flag.reporter_id == flag.reporter_id
    )
    if flag.reporter_id is not None and connection.execute(known).first() is not None:
        return False
    values = flag.model_dump() | {
        "comment_id": current["id"],
        "revision": current["revision"],
        "created_at": datetime.now(UTC),
    }
    connection.execute(insert(Flag), values)
    return True


def _bring_back(connection: Connection, current: RowMapping, rules: Rules) -> None:
    settled = connection.scalar(select(Comment.settled).where(Comment.id == current["id"]))
    before = newest_decision(connection, current["id"])
    if settled or before["action"] != Action.APPROVE:
        return
    # Those that a moderator has seen are answered.
    seen_at = before["created_at"] if before["source"] == "moderator" else None
    unseen = select(func.count()).where(Flag.comment_id == current["id"])
    if seen_at is not None:
        unseen = unseen.where(Flag.created_at > seen_at)
    if (connection.scalar(unseen) or 0) < rules.flags_to_review:
        return
    same = {name: before[name] for name in ("comment_id", "revision", "model", "policy")}
    made = {"action": Action.REVIEW.value, "reasons": [FLAGGED], "source": "rule"}
    record(connection, same | made | {"created_at": datetime.now(UTC)})
