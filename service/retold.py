"""Comments that a site sends again with the same text: what it says of them now counts.

No text changes by it, so that there is nothing to score or decide, and nobody to tell.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Dialect, RowMapping

from service.author_ids import kept_id
from service.comments import fetch_current
from service.schema import ArticleIn, AuthorIn, CommentIn
from service.tables import Comment

Retelling = tuple[RowMapping, CommentIn]
"""A stored comment, as `find_current` returns it, and what the site says now."""


def described_by(comment: CommentIn) -> dict[str, Any]:
    """Return the columns of a comment beside its article; what the site left out is not there."""
    author = comment.author or AuthorIn()
    columns = {
        "author_id": author.id,
        "author_name": author.name,
        "parent_external_id": comment.parent_id,
        "created_at": comment.created_at,
    }
    return {name: value for name, value in columns.items() if value is not None}


def retold(connection: Connection, again: Collection[Retelling]) -> list[Retelling]:
    """Return those of which the site says anything that is not stored."""
    if not again:
        return []
    stored = fetch_current(connection, Comment.id.in_([current["id"] for current, _ in again]))
    rows = {row["id"]: row for row in stored}
    dialect = connection.dialect
    return [each for each in again if _differs(rows[each[0]["id"]], each[1], dialect)]


def _differs(row: RowMapping, comment: CommentIn, dialect: Dialect) -> bool:
    told, article = described_by(comment), comment.article or ArticleIn()
    if "author_id" in told:
        told["author_id"] = kept_id(told["author_id"], dialect)
    told |= {
        "article_id": article.key,
        "article_title": article.title,
        "article_url": article.url,
        "section": article.section,
    }
    return any(value is not None and row[name] != value for name, value in told.items())
