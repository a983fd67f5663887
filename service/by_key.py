"""Decisions that a site's own moderators make through an API key."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, bindparam, select

from service.comments import decisions, find_current
from service.database import writing
from service.keys import Caller
from service.newsroom_errors import edited, gone
from service.recording import newest_decision, record
from service.schema import DecisionIn
from service.tables import Comment

_LOCK = (
    select(Comment.id)
    .where(Comment.site_id == bindparam("site_id"), Comment.external_id == bindparam("external_id"))
    .with_for_update()
)


def locked(connection: Connection, site_id: int, external_id: str) -> RowMapping | None:
    """Return a comment as `find_current` does, kept from all other writers until the end."""
    # By itself: after a wait PostgreSQL would join the comment to its old text.
    connection.execute(_LOCK, {"site_id": site_id, "external_id": external_id})
    return find_current(connection, site_id, external_id)


def decide(
    engine: Engine, external_id: str, *, decision: DecisionIn, caller: Caller
) -> dict[str, Any] | None:
    """Append a moderator's decision; None if there is no such comment.

    Raises
    ------
    ApiError
        If the comment was deleted, or edited since the revision that the moderator read.
    """
    with writing(engine) as connection:
        current = locked(connection, caller.site_id, external_id)
        if current is None:
            return None
        if not current["text"]:
            raise gone()
        if decision.revision not in {None, current["revision"]}:
            raise edited()
        # What the moderator had before them when deciding.
        before = newest_decision(connection, current["id"])
        made = {
            "comment_id": current["id"],
            "revision": current["revision"],
            "action": decision.action.value,
            "reasons": [decision.reason] if decision.reason else [],
            "source": "moderator",
            "api_key_id": caller.key_id,
            "model": before["model"],
            "policy": before["policy"],
            "note": decision.note,
            "until_edited": decision.until_edited,
            "created_at": datetime.now(UTC),
        }
        record(connection, made)
        return {"id": external_id} | decisions(connection, current["id"])[-1]
