"""The search index of the review queue: what leaves the queue leaves it, by a trigger."""

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    bindparam,
    column,
    false,
    text,
)

from service.tables import Comment
from service.words import wanted_words, words_of

_INSERT = {
    "sqlite": text("INSERT OR REPLACE INTO search (rowid, words) VALUES (:id, :words)"),
    "postgresql": text(
        "INSERT INTO search (comment_id, words)"
        " VALUES (:id, array_to_tsvector(string_to_array(:words, ' ')))"
        " ON CONFLICT (comment_id) DO UPDATE SET words = excluded.words"
    ),
}
_FIND = {
    "sqlite": "SELECT rowid FROM search WHERE search MATCH :wanted",
    "postgresql": "SELECT comment_id FROM search WHERE words @@ CAST(:wanted AS tsquery)",
}
# A longer query is no search any more, and each word costs.
_WORDS = 20


def index_texts(connection: Connection, texts: Sequence[tuple[int, str]]) -> None:
    """Make comments of the queue findable by their text, given by their number."""
    words = words_of([each for _, each in texts])
    rows = [
        {"id": comment_id, "words": " ".join(found) or "-"}
        for (comment_id, _), found in zip(texts, words, strict=True)
    ]
    if rows:
        connection.execute(_INSERT[connection.dialect.name], rows)


def found_by(connection: Connection, query: str) -> ColumnElement[bool]:
    """Return the condition for comments of the queue in which all words of a query stand."""
    wanted = wanted_words(query)[:_WORDS]
    if not wanted:
        return false()
    dialect = connection.dialect.name
    quote, any_, all_ = ('"', " OR ", " AND ") if dialect == "sqlite" else ("'", " | ", " & ")
    # Words hold letters and digits only, so that nothing in them has a meaning of its own.
    expression = all_.join(
        f"({any_.join(f'{quote}{spelling}{quote}' for spelling in spellings)})"
        for spellings in wanted
    )
    # Written out, PostgreSQL sees how rare the words are: a plan for any words takes all there are.
    written = bindparam("wanted", expression, String, literal_execute=dialect == "postgresql")
    found = text(_FIND[dialect]).bindparams(written)
    return Comment.id.in_(found.columns(column("id", BigInteger)))
