"""Reading the review queue: comments whose newest decision is review."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    TextClause,
    and_,
    func,
    select,
    tuple_,
)

from moderation import Action
from service.comments import described, fetch_current
from service.errors import ApiError
from service.filters import ORDERS, in_order, matching
from service.recent import last, recent
from service.schema import QueueFilter, QueueQuery
from service.tables import IN_REVIEW, Comment, Decision, Score, Section, Site

Condition = ColumnElement[bool] | TextClause
MANY = 5_000


def read_queue(connection: Connection, query: QueueQuery, *, site_id: int) -> dict[str, Any]:
    """Return one page of a site's queue, where the next one begins, and how many wait.

    Raises
    ------
    ApiError
        If `query.after` is not a position that an earlier page gave.
    """
    visible = of_site(site_id)
    shown, following = read_page(connection, query, visible=visible)
    waiting = count_waiting(connection, site_id=site_id)
    narrowed = any(getattr(query, name) is not None for name in QueueFilter.model_fields)
    return {
        "comments": _items(connection, shown),
        "next": following,
        "counts": {
            Action.REVIEW.value: waiting,
            "matching": count_matching(connection, query, visible=visible) if narrowed else waiting,
        },
    }


def count(connection: Connection, visible: Condition) -> int:
    """Return how many comments meet a condition."""
    return connection.scalar(select(func.count()).select_from(Comment).where(visible)) or 0


def count_waiting(connection: Connection, *, site_id: int | None = None) -> int:
    """Return how many comments are in review; above `MANY` the number may be a little old."""
    visible = IN_REVIEW if site_id is None else of_site(site_id)
    key = ("waiting", site_id)
    many = (last(connection, key) or 0) >= MANY
    return recent(connection, key, lambda: count(connection, visible), many=many)


def count_matching(connection: Connection, wanted: QueueFilter, *, visible: Condition) -> int:
    """Return how many comments of the queue a filter leaves; as old as `count_waiting`."""
    return recent(
        connection,
        ("matching", *asked_for(wanted), written(visible)),
        lambda: count(connection, and_(visible, matching(connection, wanted))),
        many=is_long(connection),
    )


def is_long(connection: Connection) -> bool:
    """Return whether so much waits that its numbers may be a little old."""
    return count_waiting(connection) >= MANY


def asked_for(wanted: QueueFilter) -> tuple[object, ...]:
    """Return what a filter asks for, to recognise it by."""
    return tuple(getattr(wanted, name) for name in QueueFilter.model_fields)


def written(condition: Condition) -> str:
    """Return a condition as text, to recognise it by."""
    return str(condition.compile(compile_kwargs={"literal_binds": True}))


@dataclass(frozen=True, slots=True)
class SectionCount:
    """How many comments of a section wait; its name is None for those of no section."""

    site: str
    section: str | None
    waiting: int
    flagged: int


def count_by_section(connection: Connection, *, visible: Condition) -> list[SectionCount]:
    """Return what waits in each section of each site, largest first."""
    flagged = func.count().filter(Comment.flags > 0)
    grouped = (
        select(Comment.site_id, Comment.section_id, func.count().label("n"), flagged.label("f"))
        .where(visible)
        .group_by(Comment.site_id, Comment.section_id)
        .subquery()
    )
    query = (
        select(Site.name, Section.name, grouped.c.n, grouped.c.f)
        .join(Site, Site.id == grouped.c.site_id)
        .outerjoin(Section, Section.id == grouped.c.section_id)
        .order_by(grouped.c.n.desc(), Site.name, Section.name)
    )
    return [SectionCount(*row) for row in connection.execute(query)]


def read_page(
    connection: Connection, query: QueueQuery, *, visible: Condition
) -> tuple[Sequence[RowMapping], str | None]:
    """Return the comments of one page of the queue, and where the next one begins.

    Raises
    ------
    ApiError
        If `query.after` is not a position that an earlier page gave.
    """
    column, falling = ORDERS[query.order]
    key = tuple_(column, Comment.id)
    # Written out, not bound: SQLite uses the partial index only for this very condition.
    condition = and_(visible, matching(connection, query))
    if query.after is not None:
        position = tuple_(*_position(query.after, order=query.order))
        condition = and_(condition, key < position if falling else key > position)
    # Numbers first: they come from the index alone, whatever the filter passes over.
    page = select(Comment.id).where(condition).order_by(*in_order(query.order))
    found = connection.scalars(page.limit(query.limit + 1)).all()
    by_id = {row["id"]: row for row in fetch_current(connection, Comment.id.in_(found))}
    shown = [by_id[number] for number in found[: query.limit]]
    more = len(found) > query.limit
    return shown, _cursor(shown[-1], order=query.order) if more else None


def _cursor(row: RowMapping, *, order: str) -> str:
    value = row[ORDERS[order][0].key]
    position = [order, value.isoformat() if isinstance(value, datetime) else value, row["id"]]
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def _position(cursor: str, *, order: str) -> tuple[float | datetime, int]:
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        of_order, value, row_id = json.loads(base64.urlsafe_b64decode(padded))
        if of_order != order:
            raise ValueError(of_order)
        if type(row_id) is not int or not 0 <= row_id < 2**63:
            raise ValueError(row_id)
        if order == "oldest":
            moment = datetime.fromisoformat(value)
            moment.astimezone()
            return moment, row_id
        if type(value) is not (int if order == "flagged" else float) or abs(value) >= 2**31:
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
            "model": scores[row["id"]]["model"],
            "policy": decisions[row["id"]]["policy"],
            **described(row),
        }
        for row in rows
    ]


def of_site(site_id: int) -> ColumnElement[bool]:
    """Return the condition for what waits of one site."""
    return and_(IN_REVIEW, Comment.site_id == site_id)


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
