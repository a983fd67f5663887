import pytest

from training.figures import FIGURES, summarise
from training.floors import Floor, FloorsError, below, read_floors, write_floors

REPORT = {
    "mean_auc": 0.91,
    "corpora": {"osact4_2020": {"comments": 10, "auc": 0.97, "macro_f1": 0.9}},
    "published_at_recall": {"0.8": {"mawqif": 0.01}},
    "suites": {
        "identities": {"neutral": {"worst": None}, "hateful": {"spread_points": 4.0}},
        "evasion": {"mean": None},
    },
}


def write(folder, text):
    path = folder / "floors.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_summary_holds_what_could_be_measured():
    assert summarise(REPORT) == {
        "osact4_macro_f1": 0.9,
        "osact4_auc": 0.97,
        "mean_auc": 0.91,
        "mawqif_flagged": 0.01,
        "hateful_spread_points": 4.0,
    }


def test_figures_have_names_of_their_own():
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)


def test_floors_lie_a_margin_from_the_figures_on_the_worse_side(tmp_path):
    path = tmp_path / "floors.toml"
    write_floors(path, summarise(REPORT), margin=0.01)
    assert read_floors(path) == {
        "osact4_macro_f1": Floor(at_least=0.89),
        "osact4_auc": Floor(at_least=0.96),
        "mean_auc": Floor(at_least=0.9),
        "mawqif_flagged": Floor(at_most=0.02),
        "hateful_spread_points": Floor(at_most=5.0),
    }
    assert path.read_text(encoding="utf-8").startswith(
        "# Figures of this model, each 0.01 worse (1 for points), or"
    )


def test_stricter_floors_of_a_model_before_stay_where_they_are_kept(tmp_path):
    path = tmp_path / "floors.toml"
    write_floors(path, {"mean_auc": 0.92, "osact4_auc": 0.99, "mawqif_flagged": 0.01}, margin=0.01)
    write_floors(path, {"mean_auc": 0.915, "osact4_auc": 0.97, "mawqif_flagged": 0.03}, margin=0.01)
    assert read_floors(path) == {
        "mean_auc": Floor(at_least=0.91),
        "osact4_auc": Floor(at_least=0.96),
        "mawqif_flagged": Floor(at_most=0.04),
    }
    write_floors(path, {"mean_auc": 0.95, "osact4_auc": 0.98, "mawqif_flagged": 0.0}, margin=0.01)
    assert read_floors(path) == {
        "mean_auc": Floor(at_least=0.94),
        "osact4_auc": Floor(at_least=0.97),
        "mawqif_flagged": Floor(at_most=0.01),
    }


@pytest.mark.parametrize(
    ("summary", "lines"),
    [
        pytest.param({"mean_auc": 0.9, "mawqif_flagged": 0.02}, [], id="just-good-enough"),
        pytest.param(
            {"mean_auc": 0.89, "mawqif_flagged": 0.02},
            ["mean_auc is 0.89, worse than its floor 0.9"],
            id="too-low",
        ),
        pytest.param(
            {"mean_auc": 0.95, "mawqif_flagged": 0.03},
            ["mawqif_flagged is 0.03, worse than its floor 0.02"],
            id="too-high",
        ),
        pytest.param({"osact4_auc": 0.1}, [], id="not-measured-or-without-a-floor"),
    ],
)
def test_a_figure_worse_than_its_floor_is_named(summary, lines):
    floors = {"mean_auc": Floor(at_least=0.9), "mawqif_flagged": Floor(at_most=0.02)}
    assert below(summary, floors) == lines


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("mean_auc = 0.9", "mean_auc: Input should be", id="no-direction"),
        pytest.param("mean_auc = { at_least = 0.9, at_most = 1 }", "needs one of", id="both"),
        pytest.param("mean_auc = { at_most = 0.9 }", "mean_auc needs at_least", id="wrong-way"),
        pytest.param("auc = { at_least = 0.9 }", "auc is no figure", id="unknown"),
        pytest.param("mean_auc = { at_least = nan }", "finite", id="not-a-number"),
        pytest.param("mean_auc = {", "cannot be read", id="not-toml"),
    ],
)
def test_floors_that_cannot_be_used_are_refused(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(FloorsError, match=message) as caught:
        read_floors(path)
    assert str(caught.value).startswith(str(path))


def test_missing_floors_say_how_to_write_them(tmp_path):
    with pytest.raises(FloorsError, match="is missing: write it with `ghirbal-train floors`"):
        read_floors(tmp_path / "floors.toml")
