import numpy as np
import pytest

from training.thresholds import expected_calibration_error, fit_logistic_curve


def array(*values, dtype=np.float32):
    return np.array(values, dtype=dtype)


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
