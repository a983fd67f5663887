"""Writing comments of one batch: a handful of statements, however many comments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, update

from moderation import Action
from service.adding import add_rows
from service.articles import articles_of
from service.authors import hold_by_author
from service.comments import find_all, standing
from service.edits import decide_edit
from service.errors import ApiError
from service.judge import Judge, Judgement
from service.newsroom_errors import gone
from service.retold import Retelling, described_by, retold
from service.schema import CommentIn
from service.script import script_of
from service.search import index_texts
from service.tables import Comment, Decision, Revision, Score

Stored = tuple[dict[str, Any], bool]
"""Where a comment stands, and whether it was new."""

_NOTHING_SAID = dict.fromkeys(
    ("author_id", "author_name", "article_id", "section_id", "parent_external_id")
)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A comment with what the machine says about it, and what was decided on it elsewhere.

    Nothing was asked of the machine where the text was stored already.
    """

    comment: CommentIn
    judgement: Judgement | None
    action: Action | None = None


@dataclass(slots=True)
class _Row:
    """What is to be written about one comment."""

    comment: CommentIn
    document: dict[str, Any]
    state: dict[str, Any]
    decided: dict[str, Any]
    number: int
    comment_id: int = 0


def store(
    connection: Connection, incoming: Sequence[Incoming], *, judge: Judge, site_id: int
) -> tuple[list[Stored | ApiError], list[dict[str, Any]]]:
    """Write comments, no id of which stands twice, and return what became of each.

    Returns
    -------
    tuple of list and list
        One result for each comment, and the decisions that were appended.
    """
    ids = [each.comment.id for each in incoming]
    # By itself: after a wait PostgreSQL would join a new comment to its old text.
    of_site = Comment.site_id == site_id
    locked = select(Comment.id).where(of_site, Comment.external_id.in_(ids)).order_by(Comment.id)
    connection.execute(locked.with_for_update())
    known = find_all(connection, site_id, ids)
    results: dict[str, Stored | ApiError] = {}
    rows: list[_Row] = []
    again: list[Retelling] = []
    for each in incoming:
        current = known.get(each.comment.id)
        if current is not None and current["text"] == each.comment.text:
            results[each.comment.id] = standing(connection, current), False
            again.append((current, each.comment))
        # No comment comes without a text: this one was taken away.
        elif current is not None and not current["text"]:
            results[each.comment.id] = gone()
        else:
            rows.append(_row(connection, each, current, judge=judge, site_id=site_id))
    _describe(connection, rows, retold(connection, again), site_id=site_id)
    made = _write(connection, rows, known=known, site_id=site_id) if rows else []
    for row in rows:
        told = {name: row.decided[name] for name in ("action", "reasons")}
        document = {"id": row.comment.id} | row.document | told
        results[row.comment.id] = document, row.comment.id not in known
    return [results[name] for name in ids], made


def _describe(
    connection: Connection, rows: Sequence[_Row], again: Sequence[Retelling], *, site_id: int
) -> None:
    """Store the articles, and what is said anew of comments whose text is stored."""
    told = [*(row.comment for row in rows), *(comment for _, comment in again)]
    articles = articles_of(connection, (each.article for each in told), site_id=site_id)
    for row in rows:
        row.state |= articles.get(row.comment.article, {})
    for current, comment in again:
        state = described_by(comment) | articles.get(comment.article, {})
        _change(connection, current["id"], state)


def _row(
    connection: Connection,
    incoming: Incoming,
    current: RowMapping | None,
    *,
    judge: Judge,
    site_id: int,
) -> _Row:
    comment, judgement = incoming.comment, incoming.judgement
    if judgement is None:
        # Stored a moment ago, and edited by another request since.
        (judgement,) = judge.judge([comment.text])
    document = judgement.to_document()
    decided = {name: document[name] for name in ("action", "reasons", "model", "policy")}
    if incoming.action is not None:
        decided |= {"action": incoming.action.value, "reasons": [], "source": "import"}
    else:
        author_id = comment.author.id if comment.author else None
        decided = hold_by_author(
            connection,
            judge.rules,
            decided | {"source": judgement.source},
            site_id=site_id,
            author_id=author_id,
        )
    number = 1
    if current is not None:
        number = int(current["revision"]) + 1
        decided = decide_edit(connection, current, judgement, text=comment.text, decided=decided)
    state = described_by(comment) | state_of(judgement.scores)
    state |= {"script": script_of(comment.text), "action": decided["action"], "revision": number}
    return _Row(comment, document, state, decided, number)


def state_of(scores: dict[str, float]) -> dict[str, float]:
    """Return the columns of a comment that repeat its newest scores."""
    highest = max(scores.values())
    # A coin's toss is 1, certainty in either direction 0.
    return scores | {"score": highest, "uncertainty": 1 - abs(2 * highest - 1)}


def _write(
    connection: Connection, rows: list[_Row], *, known: dict[str, RowMapping], site_id: int
) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    _write_comments(connection, rows, known=known, new={"site_id": site_id, "received_at": now})
    add_rows(
        connection,
        Revision,
        [
            {
                "comment_id": row.comment_id,
                "number": row.number,
                "text": row.comment.text,
                "created_at": now,
            }
            for row in rows
        ],
    )
    of_revision = [
        {"comment_id": row.comment_id, "revision": row.number, "created_at": now} for row in rows
    ]
    scores = [{name: row.document[name] for name in ("model", "scores", "spans")} for row in rows]
    add_rows(connection, Score, [a | b for a, b in zip(of_revision, scores, strict=True)])
    decisions = [a | row.decided for a, row in zip(of_revision, rows, strict=True)]
    add_rows(connection, Decision, decisions)
    index_texts(
        connection,
        [
            (row.comment_id, row.comment.text)
            for row in rows
            if row.decided["action"] == Action.REVIEW
        ],
    )
    return decisions


def _write_comments(
    connection: Connection,
    rows: list[_Row],
    *,
    known: dict[str, RowMapping],
    new: dict[str, Any],
) -> None:
    created = [row for row in rows if row.comment.id not in known]
    if created:
        first = new | {"created_at": new["received_at"]} | _NOTHING_SAID
        values = [first | row.state | {"external_id": row.comment.id} for row in created]
        # Not RETURNING: in the order of the parameters it would be one statement for each row.
        add_rows(connection, Comment, values)
        named = select(Comment.external_id, Comment.id).where(
            Comment.site_id == new["site_id"],
            Comment.external_id.in_([row.comment.id for row in created]),
        )
        numbers = {name: number for name, number in connection.execute(named)}
        for row in created:
            row.comment_id = numbers[row.comment.id]
    for row in rows:
        if row.comment.id in known:
            row.comment_id = known[row.comment.id]["id"]
            state = row.state | {"settled": False, "escalated": False}
            _change(connection, row.comment_id, state)


def _change(connection: Connection, comment_id: int, columns: dict[str, Any]) -> None:
    if columns:
        connection.execute(update(Comment).where(Comment.id == comment_id).values(columns))
