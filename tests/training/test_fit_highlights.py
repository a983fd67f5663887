import pytest

from moderation import Scorer, load_scorer
from training import highlights
from training.highlights import fit_highlighter, read_marked
from training.suites import read_suites


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return load_scorer()


def test_marks_are_in_order():
    marked = read_marked()
    assert len(marked) > 1_000
    assert all(stretches for _, stretches in marked)


def test_it_is_learned_which_words_offend(scorer):
    marked = [(f"يا {word} اقرأ المقال", ((3, 3 + len(word)),)) for word in ("حمار", "غبي", "كلب")]
    document = fit_highlighter(scorer, read_suites(), marked).to_document()
    assert document["share"][0] > 0
    assert document["function"][0] < 0


def test_two_fits_give_the_same(scorer):
    fits = [fit_highlighter(scorer, read_suites(), read_marked()) for _ in range(2)]
    assert fits[0].to_document() == fits[1].to_document()


def test_words_that_are_harmless_alone_are_hardly_shown(scorer, monkeypatch):
    constants = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(highlights, "_OFFENSIVE_ALONE", share)
        document = fit_highlighter(scorer, read_suites(), read_marked()).to_document()
        constants.append(document["one"][0])
    assert constants[1] < constants[0]
