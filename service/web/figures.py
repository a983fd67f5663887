"""What happened in the newsroom, counted per period, per attribute and per section."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, and_, case, cast, exists, func, select
from sqlalchemy.orm import aliased

from moderation import ATTRIBUTES, Policy
from service.tables import Comment, Decision, Section
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
        Share of what the machine held that moderators rejected.
    """

    start: datetime
    comments: int
    review_rate: Estimate | None
    approved: int
    rejected: int
    wait_minutes: float | None
    agreement: Estimate | None


@dataclass(frozen=True, slots=True)
class Row:
    """An attribute or a section: what was decided of it by moderators."""

    name: str
    comments: int
    decided: int
    rejected: int

    @property
    def agreement(self) -> Estimate | None:
        """Share that was rejected."""
        return share(self.rejected, self.decided) if self.decided else None


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
    held = sum(counts.get((source, "review"), 0) for source in _MACHINE)
    approved, rejected, waits = _decided(connection, decisions)
    return Period(
        start,
        connection.scalar(
            select(func.count()).select_from(Comment).where(_within(Comment.id, comments))
        )
        or 0,
        share(held, machine) if machine else None,
        approved,
        rejected,
        statistics.median(waits) if waits else None,
        share(rejected, approved + rejected) if approved + rejected else None,
    )


def _within(column: Any, ends: Ends) -> Any:  # noqa: ANN401 - a condition
    return and_(column >= ends[0], column < ends[1])


def _counts(connection: Connection, ends: Ends) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        select(Decision.source, Decision.action, func.count())
        .where(_within(Decision.id, ends))
        .group_by(Decision.source, Decision.action)
    )
    return {(source, action): count for source, action, count in rows}


def _decided(connection: Connection, ends: Ends) -> tuple[int, int, list[float]]:
    """Return how many moderators published and rejected, and the minutes until the last ones."""
    outcomes = and_(
        _within(Decision.id, ends),
        standing(),
        Decision.action != "review",
        # What nobody held says nothing on whether holding was right.
        cast(Decision.reasons, String).not_like(f'%"{AUDIT}"%'),
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


def _of_people(ends: Ends) -> Any:  # noqa: ANN401 - a condition
    """Hold for comments on which a person has decided; the newest state counts."""
    decided = select(Decision.comment_id).where(_within(Decision.id, ends), standing())
    return and_(Comment.action != "review", Comment.id.in_(decided))


def attributes(connection: Connection, since: datetime, policy: Policy) -> list[Row]:
    """Return, per attribute, what moderators made of comments over its threshold to review."""
    ends = _ends(connection, since)
    wanted = [name for name in ATTRIBUTES if name in policy.thresholds]
    columns = []
    for name in wanted:
        over = getattr(Comment, name) >= policy.thresholds[name].review_at
        columns.append(func.sum(case((over, 1), else_=0)))
        columns.append(func.sum(case((and_(over, Comment.action == "reject"), 1), else_=0)))
    if not wanted:
        return []
    sums = connection.execute(select(*columns).where(_of_people(ends))).one()
    pairs = zip(wanted, sums[::2], sums[1::2], strict=True)
    return [Row(name, over or 0, over or 0, rejected or 0) for name, over, rejected in pairs]


def sections(connection: Connection, since: datetime) -> list[Row]:
    """Return, per section, how many comments came in and what moderators decided."""
    first = first_since(connection, Comment, Comment.received_at, since)
    by_section = (select(Comment.section_id, func.count()).where(Comment.id >= first)).group_by(
        Comment.section_id
    )
    total = dict(connection.execute(by_section).all())
    decided = connection.execute(
        select(
            Comment.section_id,
            func.count(),
            func.sum(case((Comment.action == "reject", 1), else_=0)),
        )
        .where(_of_people(_ends(connection, since)))
        .group_by(Comment.section_id)
    )
    found: dict[int | None, tuple[int, int]] = {
        section: (count, rejected) for section, count, rejected in decided
    }
    names: dict[int | None, str] = {
        number: name for number, name in connection.execute(select(Section.id, Section.name))
    }
    rows = [
        Row(names.get(section, ""), count, *found.get(section, (0, 0)))
        for section, count in total.items()
    ]
    return sorted(rows, key=lambda row: -row.comments)


def _ends(connection: Connection, since: datetime) -> Ends:
    return first_since(connection, Decision, Decision.created_at, since), 2**62
