"""How the scores of the queue are spread, as bars of a chart."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Integer, and_, cast, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from service.filters import matching
from service.queue import asked_for, count_matching, is_long, written
from service.recent import recent
from service.schema import QueueFilter
from service.tables import Comment

BINS = 20


@dataclass(frozen=True, slots=True)
class Bin:
    """A bar: from which score on, how many comments, and how high it stands, 0 to 1."""

    start: float
    count: int
    height: float
    chosen: bool


def histogram(
    connection: Connection, wanted: QueueFilter, *, visible: ColumnElement[bool]
) -> list[Bin]:
    """Return how many comments have which score, of what a filter leaves but for its scores."""
    anywhere = wanted.model_copy(update={"score_from": None, "score_to": None})
    counts = recent(
        connection,
        ("histogram", *asked_for(anywhere), written(visible)),
        lambda: _counts(connection, anywhere, visible),
        many=is_long(connection),
    )
    highest = max(counts) or 1
    low, high = wanted.score_from or 0.0, 1.0 if wanted.score_to is None else wanted.score_to
    return [
        Bin(
            number / BINS,
            count,
            # A bar of few beside one of many must still be seen.
            max(count / highest, 0.03) if count else 0.0,
            low < (number + 1) / BINS and number / BINS < high,
        )
        for number, count in enumerate(counts)
    ]


def count_shown(
    connection: Connection,
    wanted: QueueFilter,
    bins: Sequence[Bin],
    *,
    visible: ColumnElement[bool],
) -> int:
    """Return how many comments a filter leaves, by its bars where they say so already."""
    if wanted.score_from is None and wanted.score_to is None:
        return sum(each.count for each in bins)
    return count_matching(connection, wanted, visible=visible)


def _counts(connection: Connection, wanted: QueueFilter, visible: ColumnElement[bool]) -> list[int]:
    condition = and_(visible, matching(connection, wanted))
    if wanted.attribute is None and wanted.search is None:
        return _by_range(connection, condition)
    score = Comment.score if wanted.attribute is None else getattr(Comment, wanted.attribute)
    return _by_group(connection, condition, score=score)


def _by_range(connection: Connection, condition: ColumnElement[bool]) -> list[int]:
    """Count each bar by itself: an index is in the order of the highest score."""
    bars = []
    for number in range(BINS):
        # A score of 1 belongs to the last bar.
        below = true() if number == BINS - 1 else Comment.score < (number + 1) / BINS
        within = and_(condition, Comment.score >= number / BINS, below)
        bars.append(select(func.count()).select_from(Comment).where(within).scalar_subquery())
    return list(connection.execute(select(*bars)).one())


def _by_group(
    connection: Connection, condition: ColumnElement[bool], *, score: InstrumentedAttribute[float]
) -> list[int]:
    scaled = score * BINS
    # PostgreSQL rounds where it casts; SQLite cuts off, and may lack floor.
    sqlite = connection.dialect.name == "sqlite"
    bin_ = cast(scaled if sqlite else func.floor(scaled), Integer).label("bin")
    counts = [0] * BINS
    for number, count in connection.execute(
        select(bin_, func.count()).where(condition).group_by(bin_)
    ):
        # A score of 1 belongs to the last bar.
        counts[min(number, BINS - 1)] += count
    return counts
