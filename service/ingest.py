"""Taking comments in: scored first, then stored in one transaction."""

from collections.abc import Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError

from moderation import Action
from service.comments import find_all, find_current, standing
from service.database import writing
from service.errors import ApiError
from service.judge import Judge
from service.outbox import announce
from service.retold import Retelling, retold
from service.schema import CommentIn
from service.storing import Incoming, Stored, store
from service.tables import DEFAULT_SITE

_ATTEMPTS = 3


def ingest(
    engine: Engine, judge: Judge, comment: CommentIn, *, site_id: int = DEFAULT_SITE
) -> Stored:
    """Store and decide a comment, or an edit of it.

    The same text again is neither scored nor decided on; what else the site says now is kept.

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
    with engine.connect() as connection:
        again = _again(connection, comments, site_id=site_id)
        # Sites send again what they got no answer to: that needs no write.
        if len(again) == len(comments) and not retold(connection, again.values()):
            return [(standing(connection, again[i][0]), False) for i in range(len(comments))]
    # Scored before the write begins: the database has one writer at a time.
    new = [comment.text for i, comment in enumerate(comments) if i not in again]
    judgements = iter(judge.judge(new) if new else [])
    incoming = [
        Incoming(comment, None if i in again else next(judgements), action)
        for i, (comment, action) in enumerate(
            zip(comments, actions or [None] * len(comments), strict=True)
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


def _again(
    connection: Connection, comments: Sequence[CommentIn], *, site_id: int
) -> dict[int, Retelling]:
    """Return which comments of a batch are stored with the same text, by their place in it."""
    if len(comments) == 1:
        # The statement that is built already: most requests bring one comment, and that is new.
        current = find_current(connection, site_id, comments[0].id)
        known = {} if current is None else {comments[0].id: current}
    else:
        known = find_all(connection, site_id, [comment.id for comment in comments])
    again: dict[int, Retelling] = {}
    for i, comment in enumerate(comments):
        # Of an id that stands in a batch twice, the second one follows on the first.
        current = known.pop(comment.id, None)
        if current is not None and current["text"] == comment.text:
            again[i] = current, comment
    return again


def _store(
    engine: Engine, judge: Judge, incoming: Sequence[Incoming], *, site_id: int
) -> list[Stored | ApiError]:
    results: list[Stored | ApiError | None] = [None] * len(incoming)
    with writing(engine) as connection:
        for turn in _turns(incoming):
            stored, made = store(
                connection, [incoming[i] for i in turn], judge=judge, site_id=site_id
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
