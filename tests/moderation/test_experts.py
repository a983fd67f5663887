from dataclasses import replace

import numpy as np
import pytest

from moderation import ATTRIBUTES, ModelError, Scorer, library
from moderation.experts import (
    AT_ONCE,
    LOUDEST,
    WEIGHED,
    Experts,
    Heard,
    hear,
    judged_by,
    no_experts,
)
from moderation.features import View, hash_features, kinds_of_views
from moderation.model import load_model, save_model
from moderation.second_look import GIVEN, RETHOUGHT
from moderation.text import canonicalise
from moderation.typography import COUNTED, typed
from training.examples import read_seed

TEXTS = [
    "يا حمار انت",
    "يا حمار أنت ،  ليه؟!\n(@USER) .. ١٢ 😂",
    "كلهم كلاب ولا خير فيهم " * 40,
    "مقال جميل",
    "",
    "😂 ya 7mar",
    "كلب " * 900,
]

NO_SUMS = (0,) * len(ATTRIBUTES)


def view(*comments):
    buckets = np.array([b for comment in comments for b in comment], dtype=np.uint32)
    bounds = np.cumsum([0, *map(len, comments)])
    return View(buckets, np.zeros(buckets.size, np.uint8), bounds, np.zeros(buckets.size, np.int64))


def experts():
    """Return an expert for what has bucket 5; what has bucket 3 is from elsewhere."""
    weights = np.zeros((3, AT_ONCE), dtype=np.int8)
    weights[0, 0] = weights[1, 1] = 127
    weights[:, 2] = 10, 20, 40
    return Experts(
        buckets=np.array([3, 5, 7], dtype=np.uint32),
        weights=weights,
        scales=np.array([[1, 1, 0.1, 1, 1, 1], [0, 0, 0.5, 0, 0, 0]], dtype=np.float32),
        attributes=np.array([0], dtype=np.int32),
        sums=np.tile(np.array([2, 1], dtype=np.float32), (3, 1)),
        typing=np.zeros((2 * len(COUNTED), 2), dtype=np.float32),
        judges=np.zeros((4, judged_by(3)), dtype=np.float32),
    )


def typed_as_nothing(n):
    return np.zeros((n, 2 * len(COUNTED)))


def opinions(comments, evidence=0.25):
    rows = np.arange(len(comments))
    sums = np.full((len(comments), 3), evidence, dtype=np.float32)
    heard = experts().hear([view(*comments)], sums, rows, typed_as_nothing(rows.size))
    return heard.opinions


def test_an_expert_speaks_for_comments_of_its_domain_about_its_attribute():
    [said] = opinions([[5]])
    assert said.tolist() == pytest.approx([0.1 * 20 + 0.5, 1.5, 1.5])


def test_for_what_is_from_elsewhere_the_sum_speaks():
    assert opinions([[3]])[0].tolist() == pytest.approx([1.5, 1.5, 1.5])


def test_features_count_as_often_as_they_occur_by_the_root_of_all_that_are_weighed():
    [said] = opinions([[5, 5, 7, 1]])
    assert said[0] == pytest.approx(0.1 * (20 + 20 + 40) / np.sqrt(3) + 0.5)


def test_a_comment_between_two_domains_hears_both():
    [said] = opinions([[3, 5]])
    expert = 0.1 * (10 + 20) / np.sqrt(2) + 0.5
    assert said[0] == pytest.approx((expert + 1.5) / 2)


def test_a_domain_is_told_by_how_a_comment_is_typed_as_well():
    like_it = experts()
    like_it.typing[COUNTED.index("marbuta"), 1] = 500  # of few letters typing tells little
    sums = np.full((2, 3), 0.25, dtype=np.float32)
    views, rows = [view([7], [7])], np.arange(2)
    with_dots, without = like_it.hear(views, sums, rows, typed(["مدرسة", "مدرسه"])).opinions
    expert = 0.1 * 40 + 0.5
    assert with_dots[0] == pytest.approx(expert)
    assert without[0] == pytest.approx((expert + 1.5) / 2)


def test_no_opinion_is_louder_than_the_loudest():
    assert opinions([[5, 7] * 9])[0][0] == LOUDEST
    assert (opinions([[3]], evidence=-99) == -LOUDEST).all()


def test_rows_are_those_that_are_asked_for():
    comments = [[5], [3], [5, 7]]
    rows = np.array([0, 2])
    sums = np.zeros((2, 3), dtype=np.float32)
    some = experts().hear([view(*comments)], sums, rows, typed_as_nothing(rows.size))
    assert some.opinions.tolist() == opinions([[5], [5, 7]], evidence=0).tolist()


def test_without_experts_the_sums_speak():
    sums = np.float32([[1, 2, -3]])
    nobody = no_experts(3)
    heard = nobody.hear([view([1])], sums, np.array([0]), typed_as_nothing(1))
    assert heard.opinions.tolist() == [[1, 2, -3]]
    assert heard.chances.tolist() == [[1]]
    assert nobody.judge(heard, 2 * sums, np.zeros((1, len(ATTRIBUTES)), np.float32)).tolist() == [
        [2, 4, -6]
    ]


def judged(chances, judges, after, sums=NO_SUMS, said=0.0, elsewhere=(0, 0, 0)):
    """Return the evidence after an expert for the first attribute, and elsewhere, have judged."""
    heard = Heard(np.array([chances]), np.array([[said, *elsewhere]]), np.zeros((1, 3)))
    made = np.zeros((4, judged_by(3)), dtype=np.float32)
    for row, numbers in judges.items():
        made[row, list(numbers)] = list(numbers.values())
    [result] = replace(experts(), judges=made).judge(heard, np.float32([after]), np.float32([sums]))
    return result.tolist()


def test_a_domain_weighs_what_networks_sums_and_its_expert_say():
    sums = np.arange(1, 1 + len(ATTRIBUTES))
    # After the look 0 to 2, the sums 3 to 8, the expert 9, a constant 10.
    weights = {0: 1, 1: 0.5, 4: 2, 8: -1, 9: 0.25, 10: 0.125}
    found = judged([0, 1], {0: weights}, [1, 2, 3], sums, said=4)
    assert found == pytest.approx([1 + 0.5 * 2 + 2 * 2 - 6 + 0.25 * 4 + 0.125, 2, 3])


def test_elsewhere_judges_every_attribute_with_experts_of_its_own():
    weights = {k + 1: {k: 2, 9: 0.5} for k in range(3)}
    found = judged([1, 0], weights, [1, 2, 3], said=4, elsewhere=(0, 2, -2))
    assert found == pytest.approx([2, 5, 5])


def test_each_judges_as_far_as_the_comment_is_likely_from_there():
    found = judged([0.25, 0.75], {0: {10: 4}, 1: {10: -4}}, [1, 2, 3])
    assert found == pytest.approx([0.75 * 4 - 0.25 * 4, 0.75 * 2, 0.75 * 3])


def test_no_judgement_is_larger_than_the_loudest():
    assert judged([0, 1], {0: {10: 99}}, [1, 2, 3])[0] == LOUDEST
    assert judged([1, 0], {1: {10: -99}}, [1, 2, 3])[0] == -LOUDEST


def test_what_is_said_adds_up_by_how_likely_each_domain_is():
    said = np.log([[1, 3, 1, 2, 3, 4]])
    heard = hear(said, np.float64([[2, 5, 7]]), np.array([1], dtype=np.int32))
    assert heard.chances.tolist() == [pytest.approx([0.25, 0.75])]
    assert heard.opinions.tolist() == [pytest.approx([2, 0.25 * 5, 7])]
    assert heard.said.tolist() == [pytest.approx(np.log([1, 2, 3, 4]))]


@pytest.fixture
def many(model):
    """Return the model with experts of random weights for half of what they may weigh."""
    random = np.random.default_rng(7)
    views = hash_features(canonicalise([*TEXTS, *read_seed().texts]), model.features)
    kinds = kinds_of_views(model.features)
    weighed = [v.buckets for v, kind in zip(views, kinds, strict=True) if kind in WEIGHED]
    buckets = np.unique(np.concatenate(weighed))[::2]
    n_experts, n_columns = 20, 44
    weights = random.integers(-127, 128, (buckets.size, 48), dtype=np.int8)
    weights[:, n_columns:] = 0
    made = Experts(
        buckets=buckets,
        weights=weights,
        scales=(random.normal(size=(2, n_columns)) / 40).astype(np.float32),
        attributes=np.arange(n_experts, dtype=np.int32) % 3,
        sums=random.normal(size=(3, 2)).astype(np.float32),
        typing=(random.normal(size=(2 * len(COUNTED), 1 + n_experts)) / 4).astype(np.float32),
        judges=(random.normal(size=(n_experts + 3, judged_by(3))) / 4).astype(np.float32),
    )
    shape = (len(RETHOUGHT), 16, len(GIVEN) + 2)
    networks = (random.normal(size=shape) / 4).astype(np.float32)
    return replace(model, experts=made, networks=networks)


def test_the_compiled_library_hears_the_same(many, monkeypatch):
    if library.native() is None:
        pytest.skip("no compiled library on this machine")
    found = Scorer(many).evidence(TEXTS)
    quiet = Scorer(replace(many, experts=no_experts(3))).evidence(TEXTS)
    unjudged = replace(many.experts, judges=_leaving_all_as_it_is(many.experts))
    unjudged = Scorer(replace(many, experts=unjudged)).evidence(TEXTS)
    monkeypatch.setattr(library, "native", lambda: None)
    assert np.allclose(found, Scorer(many).evidence(TEXTS), atol=2e-5)
    assert np.abs(found - quiet).max() > 0.1
    assert np.abs(found - unjudged).max() > 0.1


def _leaving_all_as_it_is(experts):
    judges = np.zeros_like(experts.judges)
    about = [*experts.attributes.tolist(), 0, 1, 2]
    judges[np.arange(len(about)), about] = 1
    return judges


def test_a_saved_model_keeps_its_experts(many, tmp_path):
    save_model(many, tmp_path)
    read = load_model(tmp_path).experts
    assert all(
        np.array_equal(getattr(read, name), getattr(many.experts, name))
        for name in Experts.__slots__
    )


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("buckets", lambda a: a[::-1].copy(), "must ascend"),
        ("buckets", lambda a: a + np.uint32(1 << 30), "must be from 0"),
        ("attributes", lambda a: a - np.int32(1), "experts.attributes must be from 0 to 2"),
        ("weights", lambda a: a[:, :33].copy(), "experts.weights is int8"),
        ("sums", lambda a: a[:2].copy(), "experts.sums is float32"),
        ("typing", lambda a: a[:, 1:].copy(), "experts.typing is float32"),
        ("judges", lambda a: a[1:].copy(), "experts.judges is float32"),
    ],
)
def test_experts_that_do_not_fit_are_refused(many, tmp_path, name, change, says):
    wrong = replace(many.experts, **{name: change(getattr(many.experts, name))})
    save_model(replace(many, experts=wrong), tmp_path)
    with pytest.raises(ModelError, match=says):
        load_model(tmp_path)
