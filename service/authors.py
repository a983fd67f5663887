"""What the rules of the policy make of a comment because of who wrote it."""

from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from moderation import Action
from service.rules import Rules
from service.tables import Comment

FIRST_COMMENT: Final = "first_comment"
OFTEN_REJECTED: Final = "author_often_rejected"
# Of an author's history the last ones say enough, and reading more would cost.
_RECENT = 100

_recent = (
    select(Comment.action)
    .where(Comment.author_id == bindparam("author_id"), Comment.site_id == bindparam("site_id"))
    .order_by(Comment.id.desc())
    .limit(_RECENT)
    .subquery()
)
_TOTALS = select(_recent.c.action, func.count()).group_by(_recent.c.action)


def recent_totals(connection: Connection, site_id: int, author_id: str) -> dict[str, int]:
    """Return how many of an author's last comments are published, in review and rejected."""
    rows = connection.execute(_TOTALS, {"author_id": author_id, "site_id": site_id})
    return {action: number for action, number in rows}


def hold_by_author(
    connection: Connection,
    rules: Rules,
    decided: dict[str, Any],
    *,
    site_id: int,
    author_id: str | None,
) -> dict[str, Any]:
    """Return the decision on a comment that the machine approves, held if a rule says so.

    An author without an id has no history, and no rule about authors applies to them.
    """
    asked = rules.first_comments or rules.rejection_rate is not None
    if decided["action"] != Action.APPROVE or author_id is None or not asked:
        return decided
    totals = recent_totals(connection, site_id, author_id)
    approved, rejected = totals.get(Action.APPROVE, 0), totals.get(Action.REJECT, 0)
    if approved < rules.first_comments:
        return decided | _held(FIRST_COMMENT)
    n_decided = approved + rejected
    if (
        rules.rejection_rate is not None
        and n_decided >= rules.rejection_of
        and rejected >= rules.rejection_rate * n_decided
    ):
        return decided | _held(OFTEN_REJECTED)
    return decided


def _held(reason: str) -> dict[str, Any]:
    return {"action": Action.REVIEW.value, "reasons": [reason], "source": "rule"}
