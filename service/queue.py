"""Reading the review queue: comments whose newest decision is review."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, TextClause, and_, func, select, tuple_

from moderation import Action
from service.comments import described, fetch_current
from service.errors import ApiError
from service.schema import QueueQuery
from service.tables import IN_REVIEW, Comment, Decision, Score


def read_queue(connection: Connection, query: QueueQuery) -> dict[str, Any]:
    """Return one page of the queue, where the next one begins, and how many wait.

    Raises
    ------
    ApiError
        If `query.after` is not a position that an earlier page gave.
    """
    shown, following = read_page(connection, query, visible=IN_REVIEW)
    return {
        "comments": _items(connection, shown),
        "next": following,
        "counts": {Action.REVIEW.value: count(connection, IN_REVIEW)},
    }


def count(connection: Connection, visible: ColumnElement[bool] | TextClause) -> int:
    """Return how many comments meet a condition."""
    return connection.scalar(select(func.count()).select_from(Comment).where(visible)) or 0


def read_page(
    connection: Connection, query: QueueQuery, *, visible: ColumnElement[bool] | TextClause
) -> tuple[Sequence[RowMapping], str | None]:
    """Return the comments of one page of the queue, and where the next one begins.

    Raises
    ------
    ApiError
        If `query.after` is not a position that an earlier page gave.
    """
    by_score = query.order == "score"
    key = tuple_(Comment.score if by_score else Comment.created_at, Comment.id)
    # Written out, not bound: SQLite uses the partial index only for this very condition.
    condition: ColumnElement[bool] = and_(visible)
    if query.after is not None:
        position = tuple_(*_position(query.after, by_score=by_score))
        condition = and_(condition, key < position if by_score else key > position)
    rows = fetch_current(
        connection,
        condition,
        order_by=(Comment.score.desc(), Comment.id.desc())
        if by_score
        else (Comment.created_at, Comment.id),
        limit=query.limit + 1,
    )
    shown, more = rows[: query.limit], len(rows) > query.limit
    return shown, _cursor(shown[-1], by_score=by_score) if more else None


def _cursor(row: RowMapping, *, by_score: bool) -> str:
    position = [row["score"] if by_score else row["created_at"].isoformat(), row["id"]]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _position(cursor: str, *, by_score: bool) -> tuple[float | datetime, int]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        value, row_id = json.loads(base64.urlsafe_b64decode(padded))
        if not isinstance(row_id, int) or not 0 <= row_id < 2**63:
            raise ValueError(row_id)
        if not by_score:
            moment = datetime.fromisoformat(value)
            moment.astimezone()
            return moment, row_id
        if not isinstance(value, float):
            raise ValueError(value)
    except (ValueError, TypeError, RecursionError, OverflowError, binascii.Error):
        raise ApiError(
            400,
            "invalid_request",
            "`after` must be the `next` of an earlier page in the same order",
            field="after",
        ) from None
    return value, row_id


def _items(connection: Connection, rows: Sequence[RowMapping]) -> list[dict[str, Any]]:
    ids = [row["id"] for row in rows]
    decisions = newest(connection, Decision, ids)
    scores = newest(connection, Score, ids)
    return [
        {
            "id": row["external_id"],
            "action": decisions[row["id"]]["action"],
            "scores": scores[row["id"]]["scores"],
            "reasons": decisions[row["id"]]["reasons"],
            "spans": scores[row["id"]]["spans"],
            "model": decisions[row["id"]]["model"],
            "policy": decisions[row["id"]]["policy"],
            **described(row),
        }
        for row in rows
    ]


def newest(
    connection: Connection, table: type[Decision] | type[Score], comment_ids: Sequence[int]
) -> dict[int, RowMapping]:
    """Return the newest row per comment; one query for the page, not one per comment."""
    newest = (
        select(func.max(table.id))
        .where(table.comment_id.in_(comment_ids))
        .group_by(table.comment_id)
    )
    rows = connection.execute(select(table.__table__).where(table.id.in_(newest))).mappings()
    return {row["comment_id"]: row for row in rows}
