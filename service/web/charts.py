"""Where the parts of a chart stand; newest on the side where reading ends."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 440, 180
_EDGE, _AXIS, _TOP, _FOOT = 6, 40, 14, 24
_LABELS = 8
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar and what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: int
    value: float


@dataclass(frozen=True, slots=True)
class Whisker:
    """The interval of a bar's value."""

    x: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at an axis."""

    place: float
    value: float | int


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of bars, ready to be drawn."""

    bars: list[Bar]
    whiskers: list[Whisker]
    ticks: list[Mark]
    columns: list[Mark]


Interval = tuple[float, float] | None


def bars(
    series: Sequence[Sequence[float | None]],
    *,
    rtl: bool,
    top: float | None = None,
    intervals: Sequence[Interval] = (),
) -> Chart:
    """Place one bar per period and series side by side.

    Parameters
    ----------
    series : sequence of sequences
        Values of each series, oldest first; None where there is none.
    rtl : bool
        Whether time runs from right to left, as the language of the page is read.
    top : float, optional
        The highest value of the axis; by default one round and above all values.
    intervals : sequence of tuple, optional
        Ends of the intervals of the first series.
    """
    periods = len(series[0])
    top = top or round_top(max((each or 0 for values in series for each in values), default=0))
    step = (WIDTH - _EDGE - _AXIS) / periods
    width = step * 0.7 / len(series)

    def across(period: int, offset: float, of: float) -> float:
        x = _AXIS + period * step + offset
        return round(WIDTH - x - of if rtl else x, 2)

    placed = [
        Bar(
            across(period, step * 0.15 + number * width, width),
            down(value, top),
            round(width, 2),
            round(HEIGHT - _FOOT - down(value, top), 2),
            number,
            value,
        )
        for number, values in enumerate(series)
        for period, value in enumerate(values)
        if value is not None
    ]
    whiskers = [
        Whisker(
            round(across(period, step * 0.15, width) + width / 2, 2),
            down(each[0], top),
            down(each[1], top),
        )
        for period, each in enumerate(intervals)
        if each is not None
    ]
    ticks = [Mark(down(top * n / _TICKS, top), top * n / _TICKS) for n in range(_TICKS + 1)]
    # The newest is always named.
    every = -(-periods // _LABELS)
    named = range((periods - 1) % every, periods, every)
    columns = [Mark(across(period, step / 2, 0), period) for period in named]
    return Chart(placed, whiskers, ticks, columns)


def down(value: float, top: float) -> float:
    """Return how far below the upper edge a value stands."""
    return round(HEIGHT - _FOOT - (HEIGHT - _FOOT - _TOP) * min(value / top, 1.0), 2)


def round_top(value: float) -> float:
    """Return the next of 4, 8, 20, 40, 80, 200 … that is not below `value`."""
    size = 1.0
    while True:
        for step in (4, 8, 20):
            if value <= step * size:
                return step * size
        size *= 10
