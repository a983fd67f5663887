"""Writing decisions: rows, state of the comments, search and outbox, all or nothing."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from moderation import Action
from service.outbox import announce
from service.search import index_texts
from service.tables import Comment, Decision, Revision

ESCALATED: Final = "escalated"

# Statements of every request are built once: building one costs more than running it.
_NEW_DECISIONS = insert(Decision)
_STATE = (
    update(Comment)
    .where(Comment.id == bindparam("number"))
    .values(
        action=bindparam("new_action"),
        escalated=bindparam("new_escalated"),
        settled=bindparam("new_settled"),
    )
)
_NEWEST = (
    select(Decision.__table__)
    .where(Decision.comment_id == bindparam("comment_id"))
    .order_by(Decision.id.desc())
    .limit(1)
)


def newest_decision(connection: Connection, comment_id: int) -> RowMapping:
    """Return the decision that counts for a comment."""
    return connection.execute(_NEWEST, {"comment_id": comment_id}).mappings().one()


def record(connection: Connection, decision: dict[str, Any]) -> None:
    """Append a decision on a comment that the caller has locked."""
    record_all(connection, [decision])


def record_all(connection: Connection, decisions: Sequence[dict[str, Any]]) -> None:
    """Append decisions, one for each of several comments; all have the same keys."""
    connection.execute(_NEW_DECISIONS, list(decisions))
    states = [
        {
            "number": decision["comment_id"],
            "new_action": decision["action"],
            "new_escalated": _in_review(decision) and ESCALATED in decision["reasons"],
            "new_settled": decision.get("until_edited", False),
        }
        for decision in decisions
    ]
    connection.execute(_STATE, states)
    announce(connection, decisions)
    _make_findable(connection, [each["comment_id"] for each in decisions if _in_review(each)])


def _in_review(decision: dict[str, Any]) -> bool:
    return bool(decision["action"] == Action.REVIEW)


def _make_findable(connection: Connection, comment_ids: list[int]) -> None:
    if not comment_ids:
        return
    of_comment = (Comment.id == Revision.comment_id) & (Comment.revision == Revision.number)
    texts = select(Comment.id, Revision.text).join(Comment, of_comment)
    rows = connection.execute(texts.where(Comment.id.in_(comment_ids))).all()
    index_texts(connection, [(row.id, row.text) for row in rows])
