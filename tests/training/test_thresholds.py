import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.thresholds import (
    expected_calibration_error,
    fit_logistic_curve,
    lowest_threshold_at_precision,
    threshold_at_rate,
)

SCORES = st.lists(st.floats(0, 1, width=32), min_size=1, max_size=30)


def array(*values, dtype=np.float32):
    return np.array(values, dtype=dtype)


@pytest.mark.parametrize(
    ("precision", "expected"),
    [
        pytest.param(1.0, 0.9, id="only-the-best"),
        pytest.param(0.75, 0.6, id="one-in-four-is-wrong"),
        pytest.param(0.6, 0.5, id="equal-scores-count-together"),
        pytest.param(0.5, 0.1, id="all"),
    ],
)
def test_lowest_threshold_still_has_the_wanted_precision(precision, expected):
    y = array(1, 0, 1, 1, 0, 0, dtype=bool)
    scores = array(0.9, 0.8, 0.7, 0.6, 0.5, 0.1)
    found = lowest_threshold_at_precision(y, scores, precision=precision)
    assert found == pytest.approx(expected)


def test_comments_of_equal_score_stand_on_one_side():
    y, scores = array(1, 0, dtype=bool), array(0.7, 0.7)
    with pytest.raises(ValueError, match=r"no threshold reaches precision 0\.9 on 2 comments"):
        lowest_threshold_at_precision(y, scores, precision=0.9)


def test_no_comments_reach_no_precision():
    with pytest.raises(ValueError, match="on 0 comments"):
        lowest_threshold_at_precision(array(dtype=bool), array(), precision=0.5)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=30))
def test_a_threshold_keeps_its_promise(comments):
    y = array(*(label for label, _ in comments), dtype=bool)
    scores = array(*(score for _, score in comments))
    share = float(y.mean())
    threshold = lowest_threshold_at_precision(y, scores, precision=share)
    hits = scores >= threshold
    assert y[hits].mean() >= share


@pytest.mark.parametrize(
    ("rate", "reached"),
    [
        pytest.param(0.1, 0, id="less-than-one-comment"),
        pytest.param(0.25, 1, id="one-comment"),
        pytest.param(0.6, 1, id="equal-scores-stay-out"),
        pytest.param(0.75, 3, id="three-comments"),
    ],
)
def test_threshold_at_rate_lets_no_more_through(rate, reached):
    scores = array(0.2, 0.5, 0.9, 0.5)
    threshold = threshold_at_rate(scores, rate=rate)
    assert int((scores >= threshold).sum()) == reached


def test_without_comments_no_score_reaches_the_threshold_below_1():
    assert threshold_at_rate(array(), rate=0.5) == 1.0


@given(SCORES, st.floats(0.001, 0.999))
def test_at_most_the_rate_reaches_the_threshold(scores, rate):
    threshold = threshold_at_rate(array(*scores), rate=rate)
    assert (array(*scores) >= threshold).sum() <= rate * len(scores)


def test_logistic_curve_finds_the_curve_that_the_labels_follow():
    # A thousand comments at each of two places, with 1/(1+e^2) and 1/(1+e^-2) of them positive.
    evidence = np.repeat(array(-1, 1), 1000)
    y = np.concatenate((np.arange(1000) < 119, np.arange(1000) < 881)).astype(np.float32)
    slope, intercept = fit_logistic_curve(evidence, y, np.ones(2000, dtype=np.float32))
    assert slope == pytest.approx(2, abs=0.02)
    assert intercept == pytest.approx(0, abs=0.001)


def test_logistic_curve_stays_gentle_where_evidence_parts_the_labels():
    # Platt's targets for two comments on each side: 3/4 and 1/4, whose log-odds are ln 3 and -ln 3.
    slope, intercept = fit_logistic_curve(
        array(-1, -1, 1, 1), array(0, 0, 1, 1), np.ones(4, dtype=np.float32)
    )
    assert slope == pytest.approx(1.0986, abs=0.001)
    assert intercept == pytest.approx(0, abs=0.001)


def test_weights_count_as_so_many_comments():
    once = fit_logistic_curve(
        array(-1, -1, -1, 1, 1, -1), array(0, 0, 0, 1, 1, 1), np.ones(6, dtype=np.float32)
    )
    weighted = fit_logistic_curve(array(-1, 1, -1), array(0, 1, 1), array(3, 2, 1))
    assert weighted == pytest.approx(once, abs=1e-4)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        pytest.param((0.0, 0.0, 1.0, 1.0), 0.0, id="perfect"),
        pytest.param((1.0, 1.0, 0.0, 0.0), 1.0, id="upside-down"),
        pytest.param((0.5, 0.5, 0.5, 0.5), 0.0, id="undecided-but-right-on-average"),
        pytest.param((0.1, 0.1, 0.9, 0.9), 0.1, id="a-little-shy"),
    ],
)
def test_calibration_error_is_the_mean_gap(scores, expected):
    y = array(0, 0, 1, 1, dtype=bool)
    assert expected_calibration_error(y, array(*scores)) == pytest.approx(expected, abs=1e-6)
