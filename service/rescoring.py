"""Scoring stored comments again with another model, beside the live service.

Scores are renewed for every comment. Decisions are not: what people decided stands, here or
elsewhere, and what is published or rejected stays so; only comments that the machine itself sent
to the queue are decided anew. So no comment is published or taken away unseen by a new model.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    RowMapping,
    and_,
    bindparam,
    func,
    insert,
    select,
    update,
)

from moderation import ATTRIBUTES, Action
from service.authors import hold_by_author
from service.database import writing
from service.judge import Judge, Judgement
from service.queue import newest
from service.recording import record_all
from service.storing import state_of
from service.tables import Claim, Comment, Decision, Revision, Score

# Few enough for live requests to get their turn in between.
_STEP: Final = 100
# Comments that are looked at in one statement, of which an earlier run may have done nearly all.
_WINDOW: Final = 2_000
_MACHINE: Final = ("model", "list")
_STATE_COLUMNS: Final = ("score", "uncertainty", *ATTRIBUTES)
_NEW_STATE = (
    update(Comment)
    .where(Comment.id == bindparam("number"))
    .values({name: bindparam(f"new_{name}") for name in _STATE_COLUMNS})
)
_NEWEST_MODEL = (
    select(Score.model)
    .where(Score.comment_id == Comment.id, Score.revision == Comment.revision)
    .order_by(Score.id.desc())
    .limit(1)
    .correlate(Comment)
    .scalar_subquery()
)
_OF_COMMENT = and_(Revision.comment_id == Comment.id, Revision.number == Comment.revision)


@dataclass(slots=True)
class RescoreReport:
    """What came of a run.

    Parameters
    ----------
    scored : int
        Comments that have scores of the new model now, by this run.
    decided : int
        Those whose action changed.
    passed_over : int
        Those that were edited, deleted, or scored by another run meanwhile.
    """

    scored: int = 0
    decided: int = 0
    passed_over: int = 0


def rescore(
    engine: Engine,
    judge: Callable[[], Judge],
    *,
    reopen: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int], object] = lambda comments: None,
) -> RescoreReport:
    """Score all stored comments whose newest scores are another model's.

    A run that was broken off leaves nothing half done, and the next one goes on with what is left.
    Comments that come in after its beginning are not its business: where they came faster than it
    works, it would never end.

    Parameters
    ----------
    engine : Engine
        Of the database.
    judge : callable
        Returns the judge, asked before each step: the policy may change meanwhile.
    reopen : bool
        Whether published comments that the machine alone approved, and would not any more, go to
        the review queue.
    stopped : callable
        Ends the run after the step that is under way.
    progress : callable
        Told how many more comments have been gone through.
    """
    report, after = RescoreReport(), 0
    with engine.connect() as connection:
        newest_then = connection.scalar(select(func.max(Comment.id))) or 0
    while after < newest_then and not stopped():
        with engine.connect() as connection:
            last = _end_of_window(connection, after, newest_then)
            waiting = _waiting(connection, judge().scorer.version, after=after, last=last)
        for start in range(0, len(waiting), _STEP):
            if stopped():
                return report
            _rest(_step(engine, judge(), waiting[start : start + _STEP], report, reopen=reopen))
        after = last
        progress(_WINDOW)
    return report


def count_comments(connection: Connection) -> int:
    """Return how many comments are stored."""
    return connection.scalar(select(func.count()).select_from(Comment)) or 0


def _end_of_window(connection: Connection, after: int, newest_then: int) -> int:
    """Return the last number of the next window; the last of all where no comment is left."""
    window = Comment.id > after, Comment.id <= newest_then
    numbers = select(Comment.id).where(*window).order_by(Comment.id).limit(_WINDOW)
    last = connection.scalar(select(func.max(numbers.subquery().c.id)))
    return newest_then if last is None else last


def _waiting(
    connection: Connection, model: str, *, after: int, last: int
) -> Sequence[Row[int, int, str]]:
    """Return number, revision and text of the comments of a window that another model scored."""
    query = (
        select(Comment.id, Comment.revision, Revision.text)
        .join(Revision, _OF_COMMENT)
        .where(Comment.id > after, Comment.id <= last)
        # Deleted on request otherwise: no comment comes without a text.
        .where(Revision.text != "", _NEWEST_MODEL.is_distinct_from(model))
        .order_by(Comment.id)
    )
    return connection.execute(query).all()


def _rest(wrote_s: float) -> None:
    """Leave the database to others for as long as it was ours."""
    time.sleep(wrote_s)


def _step(
    engine: Engine,
    judge: Judge,
    waiting: Sequence[Row[int, int, str]],
    report: RescoreReport,
    *,
    reopen: bool,
) -> float:
    """Score some comments and write what came of it; return how long that held the database."""
    # Scored before the write begins: the database has one writer at a time.
    judged = dict(
        zip(
            [(row.id, row.revision) for row in waiting],
            judge.judge([row.text for row in waiting]),
            strict=True,
        )
    )
    began = time.monotonic()
    with writing(engine) as connection:
        found = [
            (row, judged[row["id"], row["revision"]])
            for row in _lock(connection, judged, judge.scorer.version)
            if (row["id"], row["revision"]) in judged
        ]
        now = datetime.now(UTC)
        _write_scores(connection, found, now=now)
        decisions = _decide(connection, judge, found, now=now, reopen=reopen)
        if decisions:
            record_all(connection, decisions)
    report.scored += len(found)
    report.decided += len(decisions)
    report.passed_over += len(waiting) - len(found)
    return time.monotonic() - began


def _lock(
    connection: Connection, judged: dict[tuple[int, int], Judgement], model: str
) -> Sequence[RowMapping]:
    """Return what the comments are now, and keep others from changing them meanwhile.

    Those that another run has scored in between are left out.
    """
    numbers = [number for number, _ in judged]
    # By itself: after a wait PostgreSQL would join a changed comment to what it was before.
    locked = select(Comment.id).where(Comment.id.in_(numbers)).order_by(Comment.id)
    connection.execute(locked.with_for_update())
    query = (
        select(Comment.id, Comment.revision, Comment.action, Comment.site_id, Comment.author_id)
        .join(Revision, _OF_COMMENT)
        .where(Comment.id.in_(numbers), Revision.text != "", _NEWEST_MODEL.is_distinct_from(model))
        .order_by(Comment.id)
    )
    return connection.execute(query).mappings().all()


def _write_scores(
    connection: Connection, found: Sequence[tuple[RowMapping, Judgement]], *, now: datetime
) -> None:
    if not found:
        return
    scores, states = [], []
    for row, judgement in found:
        state = state_of(judgement.scores)
        states.append(
            {f"new_{name}": value for name, value in state.items()} | {"number": row["id"]}
        )
        scores.append(
            {
                "comment_id": row["id"],
                "revision": row["revision"],
                "model": judgement.score.model,
                "scores": judgement.scores,
                "spans": judgement.spans,
                "created_at": now,
            }
        )
    connection.execute(insert(Score), scores)
    connection.execute(_NEW_STATE, states)


def _decide(
    connection: Connection,
    judge: Judge,
    found: Sequence[tuple[RowMapping, Judgement]],
    *,
    now: datetime,
    reopen: bool,
) -> list[dict[str, Any]]:
    """Return the decisions that the rule at the top of this module lets the machine make."""
    open_ = {Action.REVIEW, Action.APPROVE} if reopen else {Action.REVIEW}
    ours = [(row, judgement) for row, judgement in found if row["action"] in open_]
    numbers = [row["id"] for row, _ in ours]
    last = newest(connection, Decision, numbers)
    held = select(Claim.comment_id).where(Claim.comment_id.in_(numbers), Claim.expires_at > now)
    before_somebody = set(connection.scalars(held))
    decisions = []
    for row, judgement in ours:
        if last[row["id"]]["source"] not in _MACHINE or row["id"] in before_somebody:
            continue
        decided = _machine_decision(connection, judge, row, judgement)
        if decided["action"] != row["action"]:
            named = {"comment_id": row["id"], "revision": row["revision"], "created_at": now}
            decisions.append(named | decided)
    return decisions


def _machine_decision(
    connection: Connection, judge: Judge, row: RowMapping, judgement: Judgement
) -> dict[str, Any]:
    document = judgement.to_document()
    decided = {name: document[name] for name in ("action", "reasons", "model", "policy")}
    decided = hold_by_author(
        connection,
        judge.rules,
        decided | {"source": judgement.source},
        site_id=row["site_id"],
        author_id=row["author_id"],
    )
    if row["action"] == Action.APPROVE and decided["action"] == Action.REJECT:
        # What readers have seen is taken away by people.
        decided |= {"action": Action.REVIEW.value}
    return decided
