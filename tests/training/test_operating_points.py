import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from moderation import ATTRIBUTES
from moderation.model import load_model
from training import cli
from training.operating_points import GRID, HeldOut, OperatingPointError
from training.thresholds_command import read_held_out


def column(*counts):
    return np.array(counts, dtype=np.int64)


@pytest.fixture
def counts():
    """100 comments with the attribute, 300 without, 1,000 published."""
    return HeldOut(
        (0.0, 0.2, 0.5, 0.8, 0.9),
        column(100, 95, 80, 50, 10),
        column(300, 60, 20, 2, 1),
        column(1000, 100, 30, 8, 0),
    )


@pytest.mark.parametrize(
    ("precision", "threshold"),
    [
        pytest.param(0.6, 0.2, id="lowest-that-reaches-it"),
        pytest.param(0.8, 0.5, id="reached-exactly"),
        pytest.param(0.95, 0.8, id="rare"),
    ],
)
def test_a_precision_gives_the_lowest_threshold_that_reaches_it(counts, precision, threshold):
    assert counts.at_precision(precision).threshold == threshold


@pytest.mark.parametrize(
    ("recall", "threshold"),
    [
        pytest.param(0.9, 0.2, id="highest-that-keeps-it"),
        pytest.param(0.8, 0.5, id="reached-exactly"),
        pytest.param(1.0, 0.0, id="all"),
    ],
)
def test_a_recall_gives_the_highest_threshold_that_keeps_it(counts, recall, threshold):
    assert counts.at_recall(recall).threshold == threshold


@pytest.mark.parametrize(
    ("rate", "threshold"),
    [
        pytest.param(0.03, 0.5, id="reached-exactly"),
        pytest.param(0.02, 0.8, id="lowest-that-keeps-it"),
        pytest.param(0.001, 0.9, id="none-at-all"),
    ],
)
def test_an_amount_of_work_gives_the_lowest_threshold_that_keeps_it(counts, rate, threshold):
    assert counts.at_review_rate(rate).threshold == threshold


def test_a_point_says_what_to_expect_with_wilson_intervals(counts):
    point = counts.measure(2)
    assert point.precision.value == 0.8
    assert (point.precision.low, point.precision.high) == pytest.approx((0.7112, 0.8666), abs=1e-4)
    assert point.recall.value == 0.8
    assert point.review_rate.value == 0.03
    assert point.review_rate.low == pytest.approx(0.0211, abs=1e-4)


def test_a_site_with_little_abuse_gets_less_precision(counts):
    # 5 of 100 comments, of which 4 reach 0.5; of the other 95 one in fifteen does.
    point = counts.measure(2, share=0.05)
    assert point.precision.value == pytest.approx(4 / (4 + 95 / 15))
    # Of the same comments, so that the figures agree.
    assert point.review_rate.value == pytest.approx(0.05 * 0.8 + 0.95 / 15)
    assert point.precision.value * point.review_rate.value == pytest.approx(0.05 * 0.8)
    assert counts.at_review_rate(0.11, share=0.05).threshold == 0.5
    assert point.precision.low < point.precision.value < point.precision.high
    assert counts.at_precision(0.75, share=0.05).threshold == 0.8


def test_a_precision_that_is_not_to_be_had_names_the_best(counts):
    with pytest.raises(OperatingPointError, match=r"precision 0\.99: the best is 0\.962 on 100 "):
        counts.at_precision(0.99)


def test_an_amount_of_work_that_is_not_to_be_had_names_the_least(counts):
    busy = HeldOut(counts.thresholds, counts.positives, counts.negatives, column(9, 9, 9, 9, 3))
    with pytest.raises(OperatingPointError, match=r"the least is 0\.333 of 9 published"):
        busy.at_review_rate(0.1)
    with pytest.raises(OperatingPointError, match=r"the least is 0\.008 of 100 comments with"):
        busy.at_review_rate(0.001, share=0.05)


def test_without_a_comment_that_shows_the_attribute_recall_is_unknown(counts):
    none = HeldOut(counts.thresholds, column(0, 0, 0, 0, 0), counts.negatives, counts.published)
    with pytest.raises(OperatingPointError, match="recall is unknown: 0 comments"):
        none.at_recall(0.9)


@pytest.mark.parametrize(
    ("thresholds", "positives"),
    [
        pytest.param((0.0, 0.5), (1, 2), id="more-reach-a-higher-threshold"),
        pytest.param((0.5, 0.0), (2, 1), id="descending"),
        pytest.param((0.0, 0.5), (2, -1), id="fewer-than-none"),
        pytest.param((0.0, 0.5, 0.7), (2, 1), id="too-few"),
        pytest.param((), (), id="none"),
    ],
)
def test_counts_that_cannot_be_are_refused(thresholds, positives):
    with pytest.raises(OperatingPointError, match="fit the model again"):
        HeldOut(thresholds, column(*positives), column(2, 1), column(2, 1))


def test_comments_are_counted_at_each_threshold_of_the_grid():
    found = HeldOut.count(
        np.array([0.1, 0.5, 0.9]),
        np.array([False, True, True]),
        np.array([1, 1, 1], dtype=np.float32),
        published=np.array([0.5]),
    )
    at_half = GRID.index(0.5)
    assert (found.positives[0], found.negatives[0], found.published[0]) == (2, 1, 1)
    assert (found.positives[at_half], found.negatives[at_half]) == (2, 0)
    assert (found.positives[at_half + 1], found.published[at_half + 1]) == (1, 0)
    assert (
        HeldOut.from_document(found.thresholds, found.to_document()).at_recall(1).threshold == 0.5
    )


def test_a_weak_label_counts_for_less_and_a_strong_one_for_no_more_than_one():
    found = HeldOut.count(
        np.full(30, 0.7),
        np.repeat([True, False], [20, 10]),
        np.repeat([0.15, 2], [20, 10]).astype(np.float32),
        published=np.zeros(0),
    )
    assert (found.positives[0], found.negatives[0]) == (3, 10)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=40),
    st.floats(0.05, 1),
)
def test_a_point_keeps_its_promise(comments, wanted):
    y = np.array([label for label, _ in comments])
    scores = np.array([score for _, score in comments])
    ones = np.ones(y.size, dtype=np.float32)
    found = HeldOut.count(scores, y, ones, published=scores)
    sent = scores >= found.at_review_rate(1.0).threshold
    assert sent.all()
    if y.any():
        point = found.at_recall(wanted)
        hits = scores >= point.threshold
        assert hits[y].mean() == pytest.approx(point.recall.value)
        assert point.recall.value >= wanted - 1e-9
    reachable = y.mean()
    if reachable > 0:
        point = found.at_precision(reachable)
        assert y[scores >= point.threshold].mean() >= reachable


def run(*arguments):
    result = CliRunner().invoke(cli.main, [str(each) for each in arguments])
    assert not isinstance(result.exception, Exception), result.output
    return result


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "toy"
    run("fit", "--output", folder, "--version", "toy", "--jobs", 1)
    return folder


def test_a_threshold_is_printed_with_what_to_expect_of_it(toy):
    result = run("thresholds", "--recall", "0.8", "--attribute", "abusive", "--model", toy)
    heading, columns, row = result.stdout.splitlines()
    assert result.exit_code == 0
    assert heading.startswith(
        "Model toy: precision and recall as among the up to 44 labelled comments held out"
    )
    assert "95% intervals (Wilson's)" in heading
    assert columns.split() == ["attribute", "threshold", "precision", "recall", "review", "rate"]
    assert row.split()[0] == "abusive"
    assert len(row.split()) == 8


def test_the_share_on_a_site_is_named(toy):
    result = run("thresholds", "--per-thousand", 40, "--positive-share", 0.1, "--model", toy)
    assert result.exit_code == 0
    assert "labelled comments held out, if 0.1 of the comments show the" in result.stdout
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == list(ATTRIBUTES)


def test_attributes_without_such_a_threshold_are_named_beside_the_others(toy):
    result = run("thresholds", "--precision", 0.9, "--model", toy)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[2].startswith("abusive ")
    assert "obscene: no threshold reaches precision 0.9: the best is " in result.stderr
    alone = run("thresholds", "--precision", 0.9, "--attribute", "obscene", "--model", toy)
    assert alone.exit_code == 1


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="nothing"),
        pytest.param(("--precision", 0.9, "--recall", 0.9), id="two-things"),
        pytest.param(("--precision", 1.5), id="more-than-all"),
        pytest.param(("--per-thousand", 0), id="no-work"),
        pytest.param(("--recall", "nan"), id="no-recall"),
        pytest.param(("--per-thousand", "nan"), id="no-amount"),
        pytest.param(("--recall", 0.9, "--positive-share", "nan"), id="no-share"),
    ],
)
def test_a_wish_that_cannot_be_read_is_refused(arguments):
    result = run("thresholds", *arguments)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_manifest_without_counts_is_named(toy):
    manifest = dict(load_model(toy).manifest)
    del manifest["held_out"]
    with pytest.raises(OperatingPointError, match="model toy lacks the counts of held-out"):
        read_held_out(manifest)


def test_the_default_policy_uses_thresholds_that_were_counted(toy):
    manifest = json.loads((toy / "manifest.json").read_text(encoding="utf-8"))
    grid = set(manifest["held_out"]["thresholds"])
    assert {cut["review_at"] for cut in manifest["thresholds"].values()} <= grid
    assert {cut["reject_at"] for cut in manifest["thresholds"].values() if "reject_at" in cut} <= (
        grid | {0.8}
    )
