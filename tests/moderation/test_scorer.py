import pickle
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from moderation import ATTRIBUTES, CommentScore, ModelError, Scorer, library, load_scorer
from moderation.features import NO_GROUPS, FeatureSettings, hash_all_words, hash_features
from moderation.model import Model
from moderation.second_look import NO_EXPERTS, NO_NETWORKS
from moderation.text import canonicalise

CLEAN = "مقال جميل شكرا للكاتب"
INSULT = "أنت حمار لا تفهم شيئا"
COMMENTS = [
    INSULT,
    CLEAN,
    "",
    "😀",
    "ya 7mar",
    "\ud800\x00",
    "كلب " * 2_000,
    "ا" * 20_480,
    "k",
    "اخرس أيها الجاهل",
]
EVERY_TEXT = st.text(st.one_of(st.sampled_from("كلبحمارهيا akhsd73*.\u064b😀"), st.characters()))


@pytest.fixture
def compiled():
    if library.native() is None:
        pytest.skip("no C compiler when the package was installed")


@pytest.fixture(params=["numpy", "compiled"])
def way(request, monkeypatch):
    """Score by arrays, and by the compiled library."""
    if request.param == "numpy":
        monkeypatch.setattr(library, "native", lambda: None)
    else:
        request.getfixturevalue("compiled")


def test_scores_come_in_the_order_of_the_comments(scorer):
    clean, insult, again = scorer.score([CLEAN, INSULT, CLEAN])
    assert clean == again
    assert insult.scores["abusive"] > 0.5 > clean.scores["abusive"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        pytest.param(INSULT, "a list of texts, not one", id="string"),
        pytest.param(INSULT.encode(), "a list of texts, not one", id="bytes"),
        pytest.param([INSULT.encode()], "strings, got bytes", id="bytes-in-a-list"),
        pytest.param([CLEAN, None], "strings, got NoneType", id="none-among-texts"),
    ],
)
def test_what_is_no_list_of_texts_is_refused(scorer, way, texts, message):
    with pytest.raises(TypeError, match=message):
        scorer.score(texts)


def test_a_score_names_attributes_and_model(scorer):
    (score,) = scorer.score([CLEAN])
    assert isinstance(score, CommentScore)
    assert tuple(score.scores) == ATTRIBUTES
    assert score.model == "seed"


def test_no_comments_have_no_scores(scorer):
    assert scorer.score([]) == []
    assert scorer.score([], spans=False) == []
    assert scorer.probabilities([]).shape == (0, 6)


def test_a_tuple_of_comments_is_as_good_as_a_list(scorer):
    assert scorer.score((INSULT, CLEAN)) == scorer.score([INSULT, CLEAN])


def test_spans_can_be_left_out(scorer):
    (with_spans,), (without,) = scorer.score([INSULT]), scorer.score([INSULT], spans=False)
    assert with_spans.spans != ()
    assert without.spans == ()
    assert without.scores == with_spans.scores


@pytest.mark.parametrize("text", COMMENTS, ids=range(len(COMMENTS)))
def test_a_comment_scores_in_a_batch_as_it_does_alone(scorer, text):
    batch = [*COMMENTS, text, *COMMENTS]
    assert scorer.score(batch)[len(COMMENTS)] == scorer.score([text])[0]


def test_a_comment_scores_the_same_in_batches_of_any_size(scorer):
    many = COMMENTS * 500
    assert scorer.score(many, spans=False) == scorer.score(COMMENTS, spans=False) * 500


@given(texts=st.lists(EVERY_TEXT, max_size=8))
def test_batch_score_is_single_score(scorer, texts):
    assert scorer.score(texts) == [scorer.score([text])[0] for text in texts]


@given(texts=st.lists(EVERY_TEXT, max_size=4))
def test_scores_are_probabilities(scorer, texts):
    probabilities = scorer.probabilities(texts)
    assert probabilities.shape == (len(texts), 6)
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


def test_evidence_without_bounds_still_gives_probabilities(scorer):
    extreme = np.array([[-1e9] * 6, [1e9] * 6], dtype=np.float32)
    assert scorer.calibrate(extreme).round(6).tolist() == [[0.0] * 6, [1.0] * 6]


def test_threads_share_a_scorer(scorer):
    expected = scorer.score(COMMENTS)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(scorer.score(COMMENTS))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 8


def knows(model, texts, *, other_check=0):
    """Return a model of random weights that knows the features of some texts."""
    rng = np.random.default_rng(5)
    large = FeatureSettings(bits=21)
    checks = np.zeros(1 << 21, dtype=np.uint8)
    for view in hash_features(canonicalise(texts), large):
        checks[view.buckets] = view.checks ^ other_check
    return Model(
        dict(model.manifest) | {"features": large.to_document()},
        rng.integers(-127, 128, (1 << 21, 6), dtype=np.int8),
        model.scales,
        np.full(1 << 21, 16, dtype=np.uint8),
        checks,
        NO_GROUPS,
        NO_NETWORKS,
        NO_EXPERTS,
    )


def test_many_buckets_and_many_comments_do_not_mix(model):
    texts = [f"تعليق رقم {i}" for i in range(2_100)]
    scorer = Scorer(knows(model, texts))
    alone = np.concatenate([scorer.probabilities([text]) for text in texts[2_040:2_060]])
    assert scorer.probabilities(texts)[2_040:2_060].tolist() == alone.tolist()
    assert len({tuple(row) for row in alone.tolist()}) == 20


@pytest.mark.usefixtures("way")
def test_a_feature_in_the_bucket_of_another_counts_for_nothing(model):
    same_buckets = Scorer(knows(model, [INSULT], other_check=1))
    assert same_buckets.evidence([INSULT]).tolist() == [[0.0] * 6]
    assert Scorer(knows(model, [INSULT])).evidence([INSULT]).all()


@pytest.mark.usefixtures("way")
def test_names_of_groups_score_alike_if_the_model_says_so(model):
    one, other = f"{INSULT} كردي", f"{INSULT} شركسي"
    plain = knows(model, [one, other])
    assert len({tuple(row) for row in Scorer(plain).evidence([one, other]).tolist()}) == 2
    groups = np.sort(hash_all_words(canonicalise(["كردي شركسي"]).codes))
    blind = Scorer(replace(plain, groups=groups))
    first, second = blind.evidence([one, other])
    assert first.tolist() == second.tolist()


@pytest.mark.usefixtures("way")
def test_what_a_model_has_never_seen_does_not_dilute_what_it_knows(model):
    scorer = Scorer(knows(model, [INSULT]))
    known, more = scorer.evidence([INSULT, f"{INSULT} 😀 😡"])
    assert more.tolist() == known.tolist()


@pytest.mark.usefixtures("way")
def test_a_comment_in_latin_letters_is_known_by_what_it_reads(model):
    # The model has seen the words in Arabic letters only, and no skeleton is that of the Latin one.
    scorer = Scorer(knows(model, ["شكرا"]))
    assert scorer.evidence(["merci"]).any()
    assert not scorer.evidence(["xqz"]).any()


LATIN_WORDS = ["ya", "kelb", "7mar", "merci", "xqz", "inta", "غبي", "😡", "l7mar!", "b", "12"]


@pytest.mark.usefixtures("compiled")
@given(words=st.lists(st.sampled_from(LATIN_WORDS), max_size=40))
def test_the_library_reads_comments_in_latin_letters_as_arrays_do(scorer, words):
    texts = [" ".join(words), "كلب", " ".join(reversed(words))]
    compiled = scorer.evidence(texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "native", lambda: None)
        arrays = scorer.evidence(texts)
    assert compiled == pytest.approx(arrays, abs=1e-4)


def test_default_policy_holds_the_thresholds_of_the_model(scorer):
    policy = scorer.default_policy()
    assert policy.version == "default-seed"
    assert policy.to_document()["thresholds"] == scorer.manifest["thresholds"]


def test_missing_model_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match="nowhere is not a model folder"):
        load_scorer(tmp_path / "nowhere")


@pytest.mark.usefixtures("compiled")
@given(texts=st.lists(EVERY_TEXT, max_size=6))
@example(texts=COMMENTS)
@example(texts=[f"{INSULT} {('حمار يا' * 10)[:n]}" for n in range(1, 20)])
@example(texts=[f"{INSULT} {('حمار' * 17)[:n]} {CLEAN}" for n in (7, 8, 9, 16, 17, 63, 64, 65, 68)])
@settings(max_examples=50)
def test_both_ways_give_the_same_scores(scorer, texts):
    with pytest.MonkeyPatch.context() as patch:
        found = scorer.score(texts), scorer.evidence(texts)
        patch.setattr(library, "native", lambda: None)
        expected = scorer.score(texts), scorer.evidence(texts)
    assert np.allclose(found[1], expected[1], rtol=1e-5, atol=1e-5)
    for one, other in zip(found[0], expected[0], strict=True):
        assert list(one.scores.values()) == pytest.approx(list(other.scores.values()), abs=1.1e-6)
        assert [span.attribute for span in one.spans] == [span.attribute for span in other.spans]


@pytest.mark.usefixtures("compiled")
@given(texts=st.lists(EVERY_TEXT, max_size=6))
def test_compiled_batch_score_is_single_score(scorer, texts):
    assert scorer.score(texts) == [scorer.score([text])[0] for text in texts]


@pytest.mark.usefixtures("way")
def test_a_scorer_that_was_sent_elsewhere_scores_the_same(scorer):
    scorer.score(COMMENTS)
    sent = pickle.loads(pickle.dumps(scorer))  # noqa: S301 - our own bytes
    assert sent.score(COMMENTS) == scorer.score(COMMENTS)
