import pytest

from service.web.charts import bars, round_top


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (21, 40), (81, 200), (1999, 2000)]
)
def test_axis_ends_at_a_round_number(value, top):
    assert round_top(value) == top


def test_time_runs_as_the_language_is_read():
    left_to_right = bars([[1, 2, 3]], rtl=False).bars
    right_to_left = bars([[1, 2, 3]], rtl=True).bars
    assert [bar.x for bar in left_to_right] == sorted(bar.x for bar in left_to_right)
    assert [bar.x for bar in right_to_left] == sorted(
        (bar.x for bar in right_to_left), reverse=True
    )


def test_bars_stand_inside_the_chart_in_proportion():
    low, high = bars([[2, 4]], rtl=True).bars
    assert high.height == pytest.approx(2 * low.height)
    assert high.y + high.height == low.y + low.height
    assert 0 < high.x < low.x < 440 - low.width


def test_period_without_a_value_has_no_bar():
    chart = bars([[None, 1.0]], rtl=False, top=1.0, intervals=[None, (0.5, 1.0)])
    assert len(chart.bars) == 1
    assert [whisker.high for whisker in chart.whiskers] == [chart.bars[0].y]


def test_newest_period_is_always_named():
    named = [column.value for column in bars([[1] * 14], rtl=True).columns]
    assert named == [1, 3, 5, 7, 9, 11, 13]
