"""Taking comments in: scored first, then stored in one transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from moderation import Action
from service.comments import find_current, standing
from service.database import writing
from service.errors import ApiError
from service.judge import Judge
from service.outbox import announce
from service.schema import CommentIn
from service.storing import Incoming, Stored, store
from service.tables import DEFAULT_SITE

_ATTEMPTS = 3


def ingest(
    engine: Engine, judge: Judge, comment: CommentIn, *, site_id: int = DEFAULT_SITE
) -> Stored:
    """Store and decide a comment, or an edit of it; the same text again changes nothing.

    Returns
    -------
    tuple of dict and bool
        Where the comment stands, and whether it was new.

    Raises
    ------
    ApiError
        If the comment was deleted on request: it does not come back.
    """
    (stored,) = ingest_all(engine, judge, [comment], site_id=site_id)
    if isinstance(stored, ApiError):
        raise stored
    return stored


def ingest_all(
    engine: Engine,
    judge: Judge,
    comments: Sequence[CommentIn],
    *,
    site_id: int = DEFAULT_SITE,
    actions: Sequence[Action | None] | None = None,
) -> list[Stored | ApiError]:
    """Store and decide comments in one transaction.

    Parameters
    ----------
    engine, judge : Engine, Judge
    comments : sequence of CommentIn
    site_id : int
        Whose they are.
    actions : sequence of Action or None, optional
        What was decided on each elsewhere, for comments that are imported.

    Returns
    -------
    list
        For each what `ingest` returns, or the error that it raises.
    """
    if len(comments) == 1:
        # Sites send again what they got no answer to; a batch is mostly new.
        with engine.connect() as connection:
            known = _known(connection, site_id, comments[0])
        if known is not None:
            return [(known, False)]
    # Scored before the write begins: the database has one writer at a time.
    judgements = judge.judge([comment.text for comment in comments])
    incoming = [
        Incoming(comment, judgement, action)
        for comment, judgement, action in zip(
            comments, judgements, actions or [None] * len(comments), strict=True
        )
    ]
    for _ in range(_ATTEMPTS - 1):
        try:
            return _store(engine, judge, incoming, site_id=site_id)
        except IntegrityError:
            # On PostgreSQL two requests may bring the same new comment or article at once; the
            # one that came second finds it stored when it looks again.
            continue
    return _store(engine, judge, incoming, site_id=site_id)


def _known(connection: Connection, site_id: int, comment: CommentIn) -> dict[str, Any] | None:
    current = find_current(connection, site_id, comment.id)
    if current is None or current["text"] != comment.text:
        return None
    return standing(connection, current)


def _store(
    engine: Engine, judge: Judge, incoming: Sequence[Incoming], *, site_id: int
) -> list[Stored | ApiError]:
    results: list[Stored | ApiError | None] = [None] * len(incoming)
    with writing(engine) as connection:
        for turn in _turns(incoming):
            stored, made = store(
                connection, [incoming[i] for i in turn], rules=judge.rules, site_id=site_id
            )
            announce(connection, made)
            for i, result in zip(turn, stored, strict=True):
                results[i] = result
    return [result for result in results if result is not None]


def _turns(incoming: Sequence[Incoming]) -> list[list[int]]:
    """Part a batch so that no id stands twice in a part; the second one is an edit of the first."""
    turns: list[list[int]] = []
    times: dict[str, int] = {}
    for i, each in enumerate(incoming):
        turn = times.get(each.comment.id, 0)
        times[each.comment.id] = turn + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(i)
    return turns
