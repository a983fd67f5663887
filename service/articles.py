"""Articles as sites describe them with each comment."""

from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from service.schema import ArticleIn
from service.sites import section_of
from service.tables import Article, Comment

_ARTICLE = select(Article.id, Article.title, Article.url, Article.section_id).where(
    Article.site_id == bindparam("site_id"), Article.external_id == bindparam("external_id")
)
_NEW_ARTICLE = insert(Article).returning(Article.id)


def article_of(
    connection: Connection, article: ArticleIn | None, *, site_id: int
) -> dict[str, int | None]:
    """Return the columns of a comment that name its article, which is stored or brought up to date.

    What the site left out is not overwritten; nothing is returned for a comment of no article.
    """
    if article is None or article.key is None:
        return {}
    described: dict[str, Any] = article.model_dump(include={"title", "url"}, exclude_none=True)
    if article.section is not None:
        described["section_id"] = section_of(connection, site_id, article.section)
    named = {"site_id": site_id, "external_id": article.key}
    row = connection.execute(_ARTICLE, named).one_or_none()
    if row is None:
        number = int(connection.execute(_NEW_ARTICLE, named | described).scalar_one())
        return {"article_id": number, "section_id": described.get("section_id")}
    # Written only when it differs: all comments under one article share this row.
    if any(getattr(row, name) != value for name, value in described.items()):
        connection.execute(update(Article).where(Article.id == row.id).values(described))
    section_id = described.get("section_id", row.section_id)
    if section_id != row.section_id:
        moved = update(Comment).where(Comment.article_id == row.id)
        connection.execute(moved.values(section_id=section_id))
    return {"article_id": int(row.id), "section_id": section_id}
