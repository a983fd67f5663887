"""Deletion on request: the text goes for good, the bare fact stays."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, exists, insert, select, update

from moderation import Action
from service.audit import note
from service.by_key import locked
from service.claims import release
from service.database import writing
from service.keys import Caller
from service.recording import newest_decision, record
from service.tables import Comment, Deletion, Flag, Revision, Score, Skip

Requester = Literal["author", "site"]


def is_deleted(connection: Connection, comment_id: int) -> bool:
    """Return whether a comment was deleted on request."""
    return bool(connection.scalar(select(exists().where(Deletion.comment_id == comment_id))))


def delete_comment(
    engine: Engine, external_id: str, *, requested_by: Requester, caller: Caller
) -> dict[str, Any] | None:
    """Remove all texts of a comment and who wrote it; None if there is no such comment."""
    with writing(engine) as connection:
        current = locked(connection, caller.site_id, external_id)
        if current is None:
            return None
        if not is_deleted(connection, current["id"]):
            _delete(connection, current["id"], requested_by, caller)
        when = select(Deletion.requested_by, Deletion.created_at)
        row = connection.execute(when.where(Deletion.comment_id == current["id"])).one()
        return {
            "id": external_id,
            "requested_by": row.requested_by,
            "deleted_at": row.created_at.isoformat(),
        }


def _delete(
    connection: Connection, comment_id: int, requested_by: Requester, caller: Caller
) -> None:
    now = datetime.now(UTC)
    connection.execute(
        insert(Deletion).values(
            comment_id=comment_id,
            requested_by=requested_by,
            api_key_id=caller.key_id,
            created_at=now,
        )
    )
    note(
        connection,
        f"deleted for {requested_by}",
        f"comment {comment_id}",
        api_key_id=caller.key_id,
    )
    before = newest_decision(connection, comment_id)
    same = {name: before[name] for name in ("comment_id", "revision", "model", "policy")}
    reasons = [f"deleted_by_{requested_by}"]
    made = {"action": Action.REJECT.value, "reasons": reasons, "source": "rule"}
    record(connection, same | made | {"created_at": now})
    erase(connection, [comment_id])
    release(connection, comment_id)
    connection.execute(delete(Skip).where(Skip.comment_id == comment_id))


def erase(connection: Connection, comment_ids: Sequence[int]) -> None:
    """Remove what readers wrote, and who they are, from comments that are out of the queue."""
    for table, emptied in (
        (Revision, {"text": ""}),
        (Score, {"spans": []}),
        (Flag, {"note": None, "reporter_id": None}),
    ):
        of_comments = table.comment_id.in_(comment_ids)
        connection.execute(update(table).where(of_comments).values(emptied))
    connection.execute(
        update(Comment)
        .where(Comment.id.in_(comment_ids))
        .values(author_id=None, author_name=None, parent_external_id=None)
    )
