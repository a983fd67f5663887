import numpy as np
import pytest

from moderation import ATTRIBUTES, Thresholds
from service.web.foresight import Recent, for_precision, for_workload, foresee, share

INSULT = ATTRIBUTES.index("insult")


def recent(insults, verdicts, days=10.0):
    scores = np.zeros((len(insults), len(ATTRIBUTES)))
    scores[:, INSULT] = insults
    return Recent(scores, np.array(verdicts, dtype=np.int8), days)


SEEN = recent([0.1, 0.3, 0.5, 0.7, 0.9, 0.95], [0, -1, 1, -1, -1, 1])


def test_comments_are_counted_by_what_thresholds_do_with_them():
    found = foresee(SEEN, {"insult": Thresholds(0.5, 0.9)})
    assert found.held.value == pytest.approx(0.2)
    assert found.rejected.value == pytest.approx(0.2)
    assert found.precision.value == 0.5
    assert found.decided == 2
    assert found.missed.value == pytest.approx(3)
    assert found.wrong.value == pytest.approx(3)


def test_figures_lie_inside_their_intervals():
    found = foresee(SEEN, {"insult": Thresholds(0.5)})
    for each in (found.held, found.missed, found.rejected, found.precision):
        assert 0 <= each.low <= each.value <= each.high


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [(0, 10, 0.0, 0.278), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (90, 100, 0.826, 0.945)],
)
def test_interval_of_a_share_is_that_of_wilson(part, whole, low, high):
    found = share(part, whole)
    assert (round(found.low, 3), round(found.high, 3)) == (low, high)


def test_interval_of_a_count_holds_the_exact_one_of_tables():
    found = foresee(recent([0.9] * 10, [0] * 10, days=1.0), {"insult": Thresholds(0.5)})
    assert (round(found.held.low, 1), round(found.held.high, 1)) == (4.8, 18.4)


def test_share_is_unknown_where_nobody_decided():
    assert foresee(recent([0.9], [0]), {"insult": Thresholds(0.5)}).precision is None


def test_attribute_without_thresholds_decides_nothing():
    assert foresee(SEEN, {}).held.value == 0


def test_thresholds_for_a_workload_are_the_lowest_that_keep_to_it():
    moved = for_workload(SEEN, {"insult": Thresholds(0.2), "threat": Thresholds(0.5)}, a_day=0.2)
    assert foresee(SEEN, moved).held.value <= 0.2
    assert 0.7 < moved["insult"].review_at <= 0.9
    assert moved["threat"].review_at > 0.5


def test_thresholds_for_a_share_reach_it():
    seen = recent([0.2, 0.4, 0.6, 0.8], [1, 1, -1, -1])
    moved = for_precision(seen, {"insult": Thresholds(0.1)}, precision=0.9)
    assert 0.4 < moved["insult"].review_at <= 0.6
    assert foresee(seen, moved).precision.value == 1.0


def test_share_that_no_thresholds_reach_is_said_so():
    assert for_precision(recent([0.5], [1]), {"insult": Thresholds(0.1)}, precision=0.9) is None


def test_threshold_for_review_never_passes_that_for_rejecting():
    moved = for_precision(SEEN, {"insult": Thresholds(0.2, 0.6)}, precision=1.0)
    assert moved is None
    moved = for_workload(SEEN, {"insult": Thresholds(0.2, 0.6)}, a_day=0.0)
    assert 0.5 < moved["insult"].review_at <= moved["insult"].reject_at == 0.6
