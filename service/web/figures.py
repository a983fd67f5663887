"""What happened in the newsroom, counted per period."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, cast, exists, func, select
from sqlalchemy.orm import aliased

from service.tables import Comment, Decision
from service.web.foresight import Estimate, share

Ends = tuple[int, int]
"""The first number of a period, and that after its last."""

_MOST_WAITS = 5_000
AUDIT = "audit"
"""Reason of decisions on published comments that were drawn at random."""

_MACHINE = ("model", "list", "rule")


@dataclass(frozen=True, slots=True)
class Period:
    """A day or a week.

    Parameters
    ----------
    start : datetime
    comments : int
        How many came in.
    review_rate : Estimate, optional
        Share of the machine's decisions that sent to review.
    approved, rejected : int
        What moderators decided.
    wait_minutes : float, optional
        Median time from arrival to a moderator's decision.
    agreement : Estimate, optional
        Share of what the machine held that moderators rejected: its precision.
    recall : Estimate, optional
        Share of what deserved rejection that was caught, by the random checks of the period; None
        without any.
    """

    start: datetime
    comments: int
    review_rate: Estimate | None
    approved: int
    rejected: int
    wait_minutes: float | None
    agreement: Estimate | None
    recall: Estimate | None


def recall(let_through: Estimate | None, *, caught: int, published: int) -> Estimate | None:
    """Return the share that was caught of what deserved rejection.

    Parameters
    ----------
    let_through : Estimate or None
        Share of what was published unseen that deserved rejection.
    caught, published : int
        Comments that were rejected, and that were published unseen.
    """
    if let_through is None or not caught:
        return None

    def of(missed_share: float) -> float:
        return caught / (caught + missed_share * published)

    return Estimate(of(let_through.value), of(let_through.high), of(let_through.low))


def periods(connection: Connection, starts: Sequence[datetime], end: datetime) -> list[Period]:
    """Return the figures of each period; they follow each other until `end`."""
    times = [*starts, end]
    comments = [first_since(connection, Comment, Comment.received_at, at) for at in times]
    decisions = [first_since(connection, Decision, Decision.created_at, at) for at in times]
    return [
        _period(
            connection,
            start,
            comments=(comments[number], comments[number + 1]),
            decisions=(decisions[number], decisions[number + 1]),
        )
        for number, start in enumerate(starts)
    ]


def first_since(connection: Connection, table: Any, column: Any, at: datetime) -> int:  # noqa: ANN401 - tables and columns of SQLAlchemy's
    """Return the lowest number of a row that is not older than a moment, by halving.

    Rows are numbered as they come in: no index on times is needed, and none is read.
    """
    low = connection.scalar(select(func.min(table.id))) or 0
    high = (connection.scalar(select(func.max(table.id))) or -1) + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            select(table.id, column).where(table.id >= middle).order_by(table.id).limit(1)
        ).one()
        if row[1] >= at:
            high = middle
        else:
            low = row[0] + 1
    return int(low)


def _period(connection: Connection, start: datetime, *, comments: Ends, decisions: Ends) -> Period:
    counts = _counts(connection, decisions)
    machine = sum(count for (source, _), count in counts.items() if source in _MACHINE)
    held = _of_machine(counts, "review")
    approved, rejected, waits = _decided(connection, decisions)
    checks = checks_of(connection, decisions)
    missed = sum(action == "reject" for action, _, _ in checks)
    let_through = share(missed, len(checks)) if checks else None
    return Period(
        start,
        connection.scalar(
            select(func.count()).select_from(Comment).where(within(Comment.id, comments))
        )
        or 0,
        share(held, machine) if machine else None,
        approved,
        rejected,
        statistics.median(waits) if waits else None,
        share(rejected, approved + rejected) if approved + rejected else None,
        recall(
            let_through,
            caught=rejected + _of_machine(counts, "reject"),
            published=_of_machine(counts, "approve"),
        ),
    )


def _of_machine(counts: Mapping[tuple[str, str], int], action: str) -> int:
    return sum(counts.get((source, action), 0) for source in _MACHINE)


def within(column: Any, ends: Ends) -> Any:  # noqa: ANN401 - a condition
    """Hold for rows of a period."""
    return and_(column >= ends[0], column < ends[1])


def _counts(connection: Connection, ends: Ends) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        select(Decision.source, Decision.action, func.count())
        .where(within(Decision.id, ends))
        .group_by(Decision.source, Decision.action)
    )
    return {(source, action): count for source, action, count in rows}


def _decided(connection: Connection, ends: Ends) -> tuple[int, int, list[float]]:
    """Return how many moderators published and rejected, and the minutes until the last ones."""
    outcomes = and_(
        within(Decision.id, ends),
        standing(),
        Decision.action != "review",
        # What nobody held says nothing on whether holding was right.
        ~is_check(),
    )
    counts = dict(
        connection.execute(
            select(Decision.action, func.count()).where(outcomes).group_by(Decision.action)
        ).all()
    )
    rows = connection.execute(
        select(Decision.created_at, Comment.received_at)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(outcomes)
        .order_by(Decision.id.desc())
        .limit(_MOST_WAITS)
    )
    waits = [max(row[0] - row[1], timedelta()) / timedelta(minutes=1) for row in rows]
    return counts.get("approve", 0), counts.get("reject", 0), waits


def standing() -> Any:  # noqa: ANN401 - a condition
    """Hold for decisions of people that were not taken back."""
    taking_back = aliased(Decision)
    return and_(
        Decision.source == "moderator",
        Decision.undoes.is_(None),
        ~exists().where(taking_back.undoes == Decision.id),
    )


def is_check() -> ColumnElement[bool]:
    """Hold for decisions on published comments that were drawn at random."""
    return cast(Decision.reasons, String).like(f'%"{AUDIT}"%')


def checks_of(connection: Connection, ends: Ends) -> list[tuple[str, list[str], int | None]]:
    """Return action, reasons and section of each random check."""
    rows = connection.execute(
        select(Decision.action, Decision.reasons, Comment.section_id)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(within(Decision.id, ends), standing(), is_check())
    )
    return [(action, reasons, section) for action, reasons, section in rows]
