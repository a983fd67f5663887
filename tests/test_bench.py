"""The measurements run, and a regression is seen; how fast it is hangs on the machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BENCH = ROOT / "bench"


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCH))
    import report
    import texts

    return report, texts


def subject(rate, one_us, start_s):
    return {
        "batch_per_s": {"scores": rate, "scores as array": rate},
        "one_us": {"scores": {"usual": {"p50": one_us}}},
        "start_s": start_s,
        "adversarial_us": {"ordinary text": 100.0, "one word": 200.0},
    }


def measured(rate):
    subjects = {"ghirbal": subject(rate, 10, 0.5), "arabic-toxic": subject(5_000, 1_000, 1.5)}
    return {"subjects": subjects, "archive": {"cores_1_per_s": 10, "cores_2_per_s": 19}}


def test_a_ratio_that_is_a_fifth_worse_fails(bench, tmp_path):
    report, _ = bench
    stored = tmp_path / "baseline.json"
    assert report.compare(measured(100_000), stored, store=True)[1] == 0
    assert json.loads(stored.read_text())["batch over arabic-toxic"] == 20
    assert report.compare(measured(81_000), stored, store=False)[1] == 0
    lines, failed = report.compare(measured(79_000), stored, store=False)
    assert failed == 1
    assert "WORSE    batch over arabic-toxic: 15.80, stored 20.00" in lines


def test_a_peer_that_is_missing_is_skipped(bench, tmp_path):
    report, _ = bench
    stored = tmp_path / "baseline.json"
    report.compare(measured(100_000), stored, store=True)
    alone = measured(100_000)
    del alone["subjects"]["arabic-toxic"]
    lines, failed = report.compare(alone, stored, store=False)
    assert failed == 0
    assert "skipped  batch over arabic-toxic: not measured here" in lines


def test_comments_have_the_length_that_was_asked_for(bench):
    _, texts = bench
    for characters in (20, 100, 2_000):
        sizes = [len(text) for text in texts.make_comments(300, characters=characters)]
        assert 0.8 * characters < sum(sizes) / 300 < 1.2 * characters
    assert all(len(text.encode()) <= 20_480 for text in texts.adversarial().values())


def test_a_subject_measures_itself():
    request = {
        "short": ["شكرا"] * 100,
        "usual": ["شكرا"] * 100,
        "long": ["شكرا"] * 100,
        "batch": ["شكرا", "يا حمار يا كلب"] * 50,
        "sizes": [1, 100],
        "lengths": {"1": "شكرا"},
        "adversarial": {"ordinary text": "شكرا"},
        "repeats": 1,
    }
    run = subprocess.run(
        [sys.executable, BENCH / "subject.py", "ghirbal", "speed"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        input=json.dumps(request),
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(run.stdout)
    assert set(answer["one_us"]) == {"scores", "scores and spans", "scores as array"}
    assert answer["one_us"]["scores and spans"]["held"]["p50"] > 0
    assert answer["per_comment_us"]["100"] > 0
    assert answer["length_us"]["1"] > 0
