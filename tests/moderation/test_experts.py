from dataclasses import replace

import numpy as np
import pytest

from moderation import ModelError, Scorer, library
from moderation.experts import AT_ONCE, LOUDEST, WEIGHED, Experts, mix, no_experts
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
        scales=np.array([[1, 1, 0.1], [0, 0, 0.5]], dtype=np.float32),
        attributes=np.array([0], dtype=np.int32),
        sums=np.tile(np.array([2, 1], dtype=np.float32), (3, 1)),
        typing=np.zeros((2 * len(COUNTED), 2), dtype=np.float32),
    )


def typed_as_nothing(n):
    return np.zeros((n, 2 * len(COUNTED)))


def opinions(comments, evidence=0.25):
    rows = np.arange(len(comments))
    sums = np.full((len(comments), 3), evidence, dtype=np.float32)
    return experts().opinions([view(*comments)], sums, rows, typed_as_nothing(rows.size))


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
    like_it.typing[COUNTED.index("marbuta"), 1] = 50
    sums = np.full((2, 3), 0.25, dtype=np.float32)
    views, rows = [view([7], [7])], np.arange(2)
    with_dots, without = like_it.opinions(views, sums, rows, typed(["مدرسة", "مدرسه"]))
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
    some = experts().opinions([view(*comments)], sums, rows, typed_as_nothing(rows.size))
    assert some.tolist() == opinions([[5], [5, 7]], evidence=0).tolist()


def test_without_experts_the_sums_speak():
    sums = np.float32([[1, 2, -3]])
    said = no_experts(3).opinions([view([1])], sums, np.array([0]), typed_as_nothing(1))
    assert said.tolist() == [[1, 2, -3]]
    nobody = np.zeros(0, dtype=np.int32)
    assert mix(np.zeros((1, 0)), np.ones((1, 3)), nobody).tolist() == [[1, 1, 1]]


@pytest.fixture
def many(model):
    """Return the model with experts of random weights for half of what they may weigh."""
    random = np.random.default_rng(7)
    views = hash_features(canonicalise([*TEXTS, *read_seed().texts]), model.features)
    kinds = kinds_of_views(model.features)
    weighed = [v.buckets for v, kind in zip(views, kinds, strict=True) if kind in WEIGHED]
    buckets = np.unique(np.concatenate(weighed))[::2]
    n_experts, n_columns = 20, 41
    weights = random.integers(-127, 128, (buckets.size, 48), dtype=np.int8)
    weights[:, n_columns:] = 0
    made = Experts(
        buckets=buckets,
        weights=weights,
        scales=(random.normal(size=(2, n_columns)) / 40).astype(np.float32),
        attributes=np.arange(n_experts, dtype=np.int32) % 3,
        sums=random.normal(size=(3, 2)).astype(np.float32),
        typing=(random.normal(size=(2 * len(COUNTED), 1 + n_experts)) / 4).astype(np.float32),
    )
    shape = (len(RETHOUGHT), 16, len(GIVEN) + 2)
    networks = (random.normal(size=shape) / 4).astype(np.float32)
    return replace(model, experts=made, networks=networks)


def test_the_compiled_library_hears_the_same(many, monkeypatch):
    if library.native() is None:
        pytest.skip("no compiled library on this machine")
    found = Scorer(many).evidence(TEXTS)
    quiet = Scorer(replace(many, experts=no_experts(3))).evidence(TEXTS)
    monkeypatch.setattr(library, "native", lambda: None)
    assert np.allclose(found, Scorer(many).evidence(TEXTS), atol=2e-5)
    assert np.abs(found - quiet).max() > 0.1


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
    ],
)
def test_experts_that_do_not_fit_are_refused(many, tmp_path, name, change, says):
    wrong = replace(many.experts, **{name: change(getattr(many.experts, name))})
    save_model(replace(many, experts=wrong), tmp_path)
    with pytest.raises(ModelError, match=says):
        load_model(tmp_path)
