import sys

import numpy as np
import pytest

from moderation import ATTRIBUTES
from training.evaluate import Scored
from training.examples import Examples
from training.plots import PlotsMissingError, draw_all

NAMES = {"identity-sect-001": "طائفة", "identity-region-002": "جهة"}
SHARES = {"identity-sect-001": 0.25, "identity-region-002": 1.0}


def shares(name):
    return {"by_identity": {each: {"cases": 4, name: share} for each, share in SHARES.items()}}


REPORT = {
    "suites": {"identities": {"neutral": shares("flagged"), "hateful": shares("caught")}},
    "reliability": {"abusive": [{"score": 0.05, "share": 0.1, "comments": 20}]},
}


@pytest.fixture
def scored():
    """Two comments of a labelled corpus and one of another."""
    labels = np.array([[1] * 6, [0] * 6, [-1] * 6], dtype=np.int8)
    dev = Examples(
        ids=["a:1", "a:2", "b:1"],
        texts=["", "", ""],
        labels=labels,
        weights=(labels >= 0).astype(np.float32),
        measured=labels[:, 0],
        corpus=np.array(["a", "a", "b"]),
        domain=np.array(["a", "a", "b"]),
        split=np.full(3, "dev"),
        typical=np.ones(3, dtype=np.bool_),
    )
    scores = np.repeat([[0.9], [0.2], [0.1]], len(ATTRIBUTES), axis=1)
    return Scored(dev, scores, np.array([True, False, False]))


def test_all_figures_are_drawn_and_the_same_data_gives_the_same_bytes(scored, tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra `plots`")
    drawn = {}
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        paths = draw_all(folder, REPORT, scored, NAMES)
        drawn[folder.name] = {path.name: path.read_bytes() for path in paths}
    assert drawn["first"] == drawn["second"]
    assert set(drawn["first"]) == {
        "identities.svg",
        "precision_recall.svg",
        "reliability.svg",
        "distributions.svg",
    }
    assert "طائفة sect-001" in drawn["first"]["identities.svg"].decode()
    assert "abusive (1 of 2)" in drawn["first"]["precision_recall.svg"].decode()
    assert {"a +", "a -", "b"} <= set(
        drawn["first"]["distributions.svg"].decode().replace("<", ">").split(">")
    )


def test_without_corpora_the_identities_are_drawn(tmp_path):
    pytest.importorskip("matplotlib", reason="plots need the extra `plots`")
    assert draw_all(tmp_path, REPORT, None, NAMES) == [tmp_path / "identities.svg"]


def test_without_matplotlib_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlotsMissingError, match=r"pip install 'ghirbal\[plots\]'"):
        draw_all(tmp_path, REPORT, None, NAMES)
    assert list(tmp_path.iterdir()) == []
