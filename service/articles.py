"""Articles as sites describe them with each comment."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, insert, select, update

from service.schema import ArticleIn
from service.sites import sections_of
from service.tables import Article, Comment

Columns = dict[str, int | None]
_NEW_ARTICLE = insert(Article).returning(Article.id)


def articles_of(
    connection: Connection, articles: Iterable[ArticleIn | None], *, site_id: int
) -> dict[ArticleIn | None, Columns]:
    """Return for each article the columns of a comment that name it.

    Articles are stored or brought up to date; what the site left out is not overwritten. Where
    only a section is told, the comment has that; a comment of neither has no such columns.
    """
    told = [each for each in dict.fromkeys(articles) if each is not None]
    names = [each.section for each in told if each.section is not None]
    sections = sections_of(connection, site_id, names)
    columns: dict[ArticleIn | None, Columns] = {
        each: {"section_id": sections[each.section]}
        for each in told
        if each.section is not None and not each.key
    }
    # In one order, so that two batches with the same articles do not wait for each other.
    named = sorted(((each.key, each) for each in told if each.key), key=lambda pair: pair[0])
    known = _known(connection, site_id, [key for key, _ in named]) if named else {}
    for key, article in named:
        described: dict[str, Any] = article.model_dump(include={"title", "url"}, exclude_none=True)
        if article.section is not None:
            described["section_id"] = sections[article.section]
        before = known.get(key)
        if before is None:
            values = {"site_id": site_id, "external_id": key} | described
            number = int(connection.execute(_NEW_ARTICLE, values).scalar_one())
            known[key] = dict.fromkeys(("title", "url", "section_id")) | described | {"id": number}
        else:
            _bring_up_to_date(connection, before, described)
        now = known[key]
        columns[article] = {"article_id": now["id"], "section_id": now["section_id"]}
    return columns


def _known(connection: Connection, site_id: int, keys: list[str]) -> dict[str, dict[str, Any]]:
    rows = connection.execute(
        select(
            Article.id, Article.external_id, Article.title, Article.url, Article.section_id
        ).where(Article.site_id == site_id, Article.external_id.in_(keys))
    ).mappings()
    return {row["external_id"]: dict(row) for row in rows}


def _bring_up_to_date(
    connection: Connection, article: dict[str, Any], described: dict[str, Any]
) -> None:
    """Change an article, and its comments when it has moved to another section."""
    changed = {name: value for name, value in described.items() if article[name] != value}
    # Written only when it differs: all comments under one article share this row.
    if not changed:
        return
    connection.execute(update(Article).where(Article.id == article["id"]).values(changed))
    if "section_id" in changed:
        moved = update(Comment).where(Comment.article_id == article["id"])
        connection.execute(moved.values(section_id=changed["section_id"]))
    article.update(changed)
