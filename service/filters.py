"""What part of the queue is wanted, as a condition and an order for the database."""

import operator
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, true
from sqlalchemy.orm import InstrumentedAttribute

from service.schema import QueueFilter
from service.search import found_by
from service.tables import Article, Comment, Section, Site

Order = tuple[InstrumentedAttribute[Any], bool]
ORDERS: dict[str, Order] = {
    "score": (Comment.score, True),
    "oldest": (Comment.created_at, False),
    "flagged": (Comment.flags, True),
    "uncertain": (Comment.uncertainty, True),
}
"""The column that each order goes by, and whether the highest value comes first."""


def in_order(order: str) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return by what to sort."""
    column, falling = ORDERS[order]
    return (column.desc(), Comment.id.desc()) if falling else (column.asc(), Comment.id.asc())


def matching(connection: Connection, wanted: QueueFilter) -> ColumnElement[bool]:
    """Return the condition that a filter states; `true` for one that asks for nothing."""
    conditions = [*_of_place(wanted), *_of_comment(wanted)]
    if wanted.search is not None:
        conditions.append(found_by(connection, wanted.search))
    return and_(true(), *conditions)


def _of_place(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    conditions = []
    if wanted.site is not None:
        site = select(Site.id).where(Site.name == wanted.site)
        conditions.append(Comment.site_id == site.scalar_subquery())
    if wanted.section is not None:
        sections = select(Section.id).where(Section.name == wanted.section)
        conditions.append(Comment.section_id.in_(sections))
    if wanted.article is not None:
        articles = select(Article.id).where(Article.external_id == wanted.article)
        conditions.append(Comment.article_id.in_(articles))
    return conditions


def _of_comment(wanted: QueueFilter) -> list[ColumnElement[bool]]:
    score = Comment.score if wanted.attribute is None else getattr(Comment, wanted.attribute)
    compared: list[tuple[Any, Any, Any]] = [
        (Comment.author_id, operator.eq, wanted.author),
        (Comment.script, operator.eq, wanted.script),
        (score, operator.ge, wanted.score_from),
        (score, operator.le, wanted.score_to),
        (Comment.created_at, operator.ge, wanted.created_from),
        (Comment.created_at, operator.lt, wanted.created_to),
    ]
    conditions = [
        compare(column, value) for column, compare, value in compared if value is not None
    ]
    if wanted.flagged is not None:
        conditions.append(Comment.flags > 0 if wanted.flagged else Comment.flags == 0)
    if wanted.escalated is not None:
        conditions.append(Comment.escalated.is_(wanted.escalated))
    return conditions
