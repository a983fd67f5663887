from dataclasses import replace

import numpy as np
import pytest

from moderation import ATTRIBUTES, Scorer, library
from moderation.experts import AT_ONCE
from moderation.features import NO_GROUPS
from moderation.second_look import (
    GIVEN,
    JUDGED,
    NO_EXPERTS,
    NO_NETWORKS,
    RETHOUGHT,
    STARTS_AT,
    WEIGHT,
    SecondLook,
    Seen,
)
from moderation.text import canonicalise

TEXTS = [
    "يا حمار انت ليش ما تفهم؟؟",
    "قال لي: «يا كلب» وزعلت منه كثيرا",
    "مقال جميل، شكرا للكاتب 🌹",
    "",
    "😂😂",
    "ya 7mar wallah",
    "كلامك غبي... هههه 2026 #خبر",
    "كلهم كلاب ولا خير فيهم " * 12,
    "ا..ل..ك..لب طيب..نعم و..لا ..ك.. ب...ا a..b1..c",
    "عمال النظافة كلهم كذابين",
    "a\ud800b كلب",
]


def networks(weights):
    """Return networks of one unit for each attribute: a constant, or what is given by name."""
    made = np.zeros((len(RETHOUGHT), 1, len(GIVEN) + 2), dtype=np.float32)
    for name, value in weights.items():
        made[:, 0, [*GIVEN, "constant", "counts"].index(name)] = value
    return made


def second_look(networks):
    return SecondLook(networks, NO_EXPERTS, NO_GROUPS)


def rethink(evidence, **weights):
    rows = np.full((1, len(ATTRIBUTES)), evidence, dtype=np.float32)
    seen = Seen(["نعم؟"], canonicalise(["نعم؟"]), [])
    return second_look(networks({"counts": 1} | weights)).rethink(seen, rows)[0]


def test_evidence_is_what_the_network_says_from_one_above_the_start():
    for name, start in zip(RETHOUGHT, STARTS_AT, strict=True):
        above = start + 1
        found = rethink(above, constant=2.5)[ATTRIBUTES.index(name)]
        assert found == pytest.approx(WEIGHT * 2.5 + (1 - WEIGHT) * above)
    others = [name not in RETHOUGHT for name in ATTRIBUTES]
    assert rethink(2, constant=2.5)[others].tolist() == [2] * sum(others)


def test_the_second_look_sets_in_little_by_little():
    for name, start in zip(RETHOUGHT, STARTS_AT, strict=True):
        a = ATTRIBUTES.index(name)
        assert rethink(start, constant=5)[a] == start
        before, share = start + 0.25, WEIGHT / 4
        found = rethink(before, constant=5)[a]
        assert found == pytest.approx((1 - share) * before + share * 5)


def test_a_unit_below_zero_counts_for_nothing_and_features_count():
    assert rethink(1, constant=-1)[0] == pytest.approx(1 - WEIGHT)
    assert rethink(1, constant=-1, asks=3)[0] == pytest.approx(1 - WEIGHT + 2 * WEIGHT)


def test_without_networks_evidence_stays():
    evidence = np.ones((1, len(ATTRIBUTES)), dtype=np.float32)
    seen = Seen(["نعم"], canonicalise(["نعم"]), [])
    assert second_look(NO_NETWORKS).rethink(seen, evidence).tolist() == [[1] * 6]


def test_experts_speak_for_the_sums_where_there_are_none():
    assert rethink(1, experts_abusive=3)[0] == pytest.approx(1 - WEIGHT + 3 * WEIGHT)


def test_judges_count_for_their_part_behind_the_networks():
    nobody = NO_EXPERTS
    scales = np.zeros((2, 3 + len(RETHOUGHT)), dtype=np.float32)
    scales[1, 0] = -99  # no comment is from elsewhere
    judges = np.zeros((1 + len(RETHOUGHT), nobody.judges.shape[1]), dtype=np.float32)
    judges[0, -1] = 4  # whatever is said
    sure = replace(
        nobody,
        weights=np.zeros((0, AT_ONCE), dtype=np.int8),
        scales=scales,
        attributes=np.zeros(1, dtype=np.int32),
        typing=np.zeros((nobody.typing.shape[0], 2), dtype=np.float32),
        judges=judges,
    )
    seen = Seen(["نعم؟"], canonicalise(["نعم؟"]), [])
    look = SecondLook(networks({"counts": 1, "constant": 2}), sure, NO_GROUPS)
    for share in (0.25, 1):
        before = STARTS_AT[0] + share
        [found] = look.rethink(seen, np.full((1, len(ATTRIBUTES)), before, dtype=np.float32))
        after = before + share * WEIGHT * (2 - before)
        assert found[0] == pytest.approx(after + share * JUDGED * (4 - after))


@pytest.fixture
def other(model):
    random = np.random.default_rng(3)
    shape = (len(RETHOUGHT), 16, len(GIVEN) + 2)
    return replace(model, networks=(random.normal(size=shape) / 4).astype(np.float32))


def test_the_compiled_library_thinks_the_same(other, monkeypatch):
    if library.native() is None:
        pytest.skip("no compiled library on this machine")
    compiled = Scorer(other)
    found, words = compiled.evidence(TEXTS), compiled.score(TEXTS)
    monkeypatch.setattr(library, "native", lambda: None)
    plain = Scorer(other)
    assert np.allclose(found, plain.evidence(TEXTS), atol=1e-5)
    for one, two in zip(words, plain.score(TEXTS), strict=True):
        assert one.scores == pytest.approx(two.scores, abs=2e-6)
    first = Scorer(replace(other, networks=NO_NETWORKS)).evidence(TEXTS)
    assert np.abs(found - first).max() > 0.1
