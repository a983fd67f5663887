"""What thresholds would have done with the newsroom's own last comments; arithmetic only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import NDArray

from moderation import ATTRIBUTES, Thresholds

Z = 1.96
"""Intervals cover 95 %."""

_STEPS = 40
_WIDEST = 8.0


@dataclass(frozen=True, slots=True)
class Recent:
    """The last comments.

    Parameters
    ----------
    scores : ndarray of shape (n_comments, n_attributes)
        In the order of `ATTRIBUTES`.
    verdicts : ndarray of shape (n_comments,)
        What moderators decided: 1 published, -1 rejected, 0 nothing.
    days : float
        How long a time they cover; at least a day's fraction above 0.
    """

    scores: NDArray[np.float64]
    verdicts: NDArray[np.int8]
    days: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with the ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Foresight:
    """What to expect.

    Parameters
    ----------
    held, rejected : Estimate
        Comments a day that would go to review, and that would be rejected without review.
    precision : Estimate, optional
        Share of those to review that moderators rejected; None where they decided on none.
    missed : Estimate
        Comments a month that moderators rejected and that would be published.
    wrong : Estimate
        Comments a month that moderators published and that would be rejected without review.
    decided : int
        On how many decisions the share stands.
    """

    held: Estimate
    rejected: Estimate
    precision: Estimate | None
    missed: Estimate
    wrong: Estimate
    decided: int


def foresee(recent: Recent, thresholds: Mapping[str, Thresholds]) -> Foresight:
    """Return what thresholds would have done."""
    noticed, rejected = _outcomes(recent, thresholds)
    held = noticed & ~rejected
    against, favour = recent.verdicts == -1, recent.verdicts == 1
    bad, decided = int((held & against).sum()), int((held & (against | favour)).sum())
    month = 30 / recent.days
    return Foresight(
        held=_rate(int(held.sum()), 1 / recent.days),
        rejected=_rate(int(rejected.sum()), 1 / recent.days),
        precision=share(bad, decided) if decided else None,
        missed=_rate(int((against & ~noticed).sum()), month),
        wrong=_rate(int((favour & rejected).sum()), month),
        decided=decided,
    )


def for_workload(
    recent: Recent, thresholds: Mapping[str, Thresholds], *, a_day: float
) -> dict[str, Thresholds]:
    """Move all thresholds to review together until at most `a_day` comments go to review."""
    return _lowest(thresholds, lambda moved: foresee(recent, moved).held.value <= a_day)


def for_precision(
    recent: Recent, thresholds: Mapping[str, Thresholds], *, precision: float
) -> dict[str, Thresholds] | None:
    """Move them until moderators rejected this share of what goes to review; None if none does."""

    def enough(moved: Mapping[str, Thresholds]) -> bool:
        found = foresee(recent, moved).precision
        return found is None or found.value >= precision

    moved = _lowest(thresholds, enough)
    return None if foresee(recent, moved).precision is None else moved


def share(part: int, whole: int) -> Estimate:
    """Return part / whole with the interval of Wilson (1927)."""
    p, spread = part / whole, Z * Z / whole
    middle = (p + spread / 2) / (1 + spread)
    half = Z * sqrt(p * (1 - p) / whole + spread / (4 * whole)) / (1 + spread)
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half))


def _rate(count: int, per: float) -> Estimate:
    """Return a count times `per`, with Byar's interval of a Poisson count."""
    low = count * (1 - 1 / (9 * count) - Z / (3 * sqrt(count))) ** 3 if count else 0.0
    more = count + 1
    high = more * (1 - 1 / (9 * more) + Z / (3 * sqrt(more))) ** 3
    return Estimate(count * per, max(0.0, low) * per, high * per)


def _outcomes(
    recent: Recent, thresholds: Mapping[str, Thresholds]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    noticed = np.zeros(len(recent.verdicts), dtype=bool)
    rejected = noticed.copy()
    for name, cut in thresholds.items():
        scores = recent.scores[:, ATTRIBUTES.index(name)]
        noticed |= scores >= cut.review_at
        if cut.reject_at is not None:
            rejected |= scores >= cut.reject_at
    return noticed, rejected


def _lowest(
    thresholds: Mapping[str, Thresholds], fits: Callable[[Mapping[str, Thresholds]], bool]
) -> dict[str, Thresholds]:
    """Return the lowest thresholds that fit, by halving: strictness falls as they rise."""
    low, high = -_WIDEST, _WIDEST
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if fits(_moved(thresholds, middle)) else (middle, high)
    return _moved(thresholds, high)


def _moved(thresholds: Mapping[str, Thresholds], by: float) -> dict[str, Thresholds]:
    """Move all thresholds to review by the same step in log-odds, rounded as they are shown."""
    moved = {}
    for name, cut in thresholds.items():
        at = min(max(cut.review_at, 0.001), 0.999)
        review_at = round(1 / (1 + exp(-(log(at / (1 - at)) + by))), 3)
        reject_at = cut.reject_at
        if reject_at is not None:
            review_at = min(review_at, reject_at)
        moved[name] = Thresholds(review_at, reject_at)
    return moved
