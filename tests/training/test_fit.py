from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from moderation import Scorer
from moderation.features import NO_GROUPS, FeatureSettings, hash_features
from moderation.model import Model
from moderation.text import canonicalise
from training.examples import Examples, read_seed
from training.fit import (
    UNCALIBRATED,
    FitSettings,
    Fitted,
    Head,
    build_model,
    count,
    fit_head,
    fit_weights,
    log_count_ratio,
)
from training.matrix import (
    choose_features,
    count_features,
    inverse_document_frequency,
    keep_features,
    tf_idf,
)

SMALL = FitSettings(features=FeatureSettings(bits=12))


@pytest.fixture(scope="module")
def seed_model():
    examples = read_seed()
    manifest = {
        "version": "seed",
        "features": SMALL.features.to_document(),
        **UNCALIBRATED,
    }
    fitted = fit(examples)
    return build_model(fitted, SMALL.features, manifest), fitted, examples


def fit(examples, *, n_jobs=1, rows=None):
    counted = count(examples, SMALL, n_jobs=n_jobs)
    return fit_weights(examples, counted, SMALL, n_jobs=n_jobs, rows=rows)


def matrix_of(texts, fitted):
    counts = count_features(texts, SMALL.features, fitted.groups, n_jobs=1)
    return tf_idf(keep_features(counts, fitted.columns), fitted.idf)


def ones(n):
    return np.ones(n, dtype=np.float32)


def test_log_count_ratio_is_that_of_wang_and_manning():
    # Bucket 0 stands in both positives, bucket 1 in one of each, bucket 2 in the negative alone.
    # p = (2, 1, 0) + 1 over 6, q = (0, 1, 1) + 1 over 5; the second count of bucket 0 is ignored.
    X = csr_matrix(np.array([[2, 1, 0], [1, 0, 0], [0, 3, 1]], dtype=np.float32))
    y = np.array([1, 1, 0], dtype=np.float32)
    ratio = log_count_ratio(X, y, ones(3), smoothing=1)
    expected = [np.log(3 / 6 * 5 / 1), np.log(2 / 6 * 5 / 2), np.log(1 / 6 * 5 / 2)]
    assert ratio.tolist() == pytest.approx(expected, abs=1e-6)


def test_log_count_ratio_counts_a_weighted_comment_as_its_weight():
    X = csr_matrix(np.array([[1, 0], [0, 1]], dtype=np.float32))
    y = np.array([1, 0], dtype=np.float32)
    # p = (3 + 1, 1) / 5, q = (1, 1 + 1) / 3
    ratio = log_count_ratio(X, y, np.array([3, 1], dtype=np.float32), smoothing=1)
    assert ratio.tolist() == pytest.approx([np.log(12 / 5), np.log(3 / 10)], abs=1e-6)


def test_inverse_document_frequency_is_rounded_to_sixteenths():
    counts = csr_matrix(np.array([[1, 0, 5], [1, 0, 0], [1, 2, 0], [1, 0, 0]], dtype=np.float32))
    # 1 + ln(4/5), 1 + ln(4/2), 1 + ln(4/2), in sixteenths: 12.4, 27.1, 27.1
    assert inverse_document_frequency(counts).tolist() == [12, 27, 27]


def test_a_bucket_that_no_comment_has_keeps_a_weight():
    counts = csr_matrix((1000, 2), dtype=np.float32)
    # 1 + ln(1000) = 7.91, in sixteenths 126.5
    assert inverse_document_frequency(counts).tolist() == [127, 127]


def test_tf_idf_has_length_one_and_an_empty_comment_has_none():
    counts = csr_matrix(np.array([[1, 1, 0], [0, 0, 0], [0, 0, 7]], dtype=np.float32))
    idf = np.array([48, 64, 16], dtype=np.uint8)
    expected = [[0.6, 0.8, 0], [0, 0, 0], [0, 0, 1]]
    assert np.allclose(tf_idf(counts, idf).toarray(), expected)


def test_tf_idf_takes_the_logarithm_of_a_count():
    counts = csr_matrix(np.array([[1, 20]], dtype=np.float32))
    first, second = tf_idf(counts, np.array([16, 16], dtype=np.uint8)).toarray()[0]
    assert second / first == pytest.approx(1 + np.log(20), rel=1e-5)


def test_features_are_counted_alike_in_any_number_of_processes():
    texts = [f"تعليق رقم {i}" for i in range(4_100)] + ["", "😀"]
    one = count_features(texts, SMALL.features, NO_GROUPS, n_jobs=1)
    two = count_features(texts, SMALL.features, NO_GROUPS, n_jobs=2)
    assert one.shape == (4_102, 1_048_576)  # 4096 buckets of 256 checks
    assert (one != two).nnz == 0


def test_a_column_is_a_bucket_and_the_check_of_the_feature_in_it():
    views = hash_features(canonicalise(["يا غبي 😀"]), SMALL.features)
    expected = [
        256 * bucket + check
        for view in views
        for bucket, check in zip(view.buckets.tolist(), view.checks.tolist(), strict=True)
    ]
    counts = count_features(["يا غبي 😀"], SMALL.features, NO_GROUPS, n_jobs=1)
    assert counts.indices.tolist() == sorted(expected)
    assert counts.data.tolist() == [1.0] * len(expected)


def counted(**columns):
    """Return the counts of four comments; ``b1c2=[1, 0, 0, 3]`` is check 2 in bucket 1."""
    counts = np.zeros((4, 1024), dtype=np.float32)
    for name, column in columns.items():
        bucket, check = name.removeprefix("b").split("c")
        counts[:, 256 * int(bucket) + int(check)] = column
    return csr_matrix(counts)


def test_the_feature_of_the_most_comments_is_kept_in_a_bucket():
    counts = counted(b0c9=[9, 0, 0, 0], b0c200=[1, 1, 0, 0], b2c5=[1, 1, 1, 0], b2c4=[1, 1, 1, 1])
    assert choose_features(counts, min_comments=1).tolist() == [516, 200]


def test_of_features_as_common_as_each_other_the_lower_check_is_kept():
    counts = counted(b1c8=[1, 1, 0, 0], b1c3=[0, 0, 1, 1])
    assert choose_features(counts, min_comments=1).tolist() == [259]


def test_a_feature_of_too_few_comments_is_not_kept():
    counts = counted(b0c1=[5, 5, 0, 0], b1c1=[1, 1, 1, 0], b3c255=[1, 1, 1, 1])
    assert choose_features(counts, min_comments=3).tolist() == [1023, 257]
    assert choose_features(counts, min_comments=5).tolist() == []


def test_kept_features_are_numbered_and_others_dropped():
    counts = counted(b0c1=[5, 0, 0, 2], b0c2=[1, 1, 1, 1], b3c255=[0, 7, 0, 1])
    kept = keep_features(counts, np.array([1, 1023, 257]))
    assert kept.toarray().tolist() == [[5, 0, 0], [0, 7, 0], [0, 0, 0], [2, 1, 0]]


def test_training_and_scoring_see_the_same_numbers(seed_model):
    model, fitted, examples = seed_model
    texts = [*examples.texts[:50], "", "😀", "ya 7mar"]
    X = matrix_of(texts, fitted)
    expected = X @ (model.weights[fitted.columns // 256] * model.scales)
    assert np.abs(expected).max() > 1
    assert np.allclose(Scorer(model).evidence(texts), expected, atol=1e-4)


def test_two_fits_are_the_same_whatever_the_number_of_processes():
    examples = read_seed()
    first = fit(examples)
    second = fit(examples, n_jobs=2)
    assert first.columns.tolist() == second.columns.tolist()
    assert first.idf.tolist() == second.idf.tolist()
    assert first.weights.tolist() == second.weights.tolist()


def test_some_rows_give_what_they_give_alone_but_for_frequencies():
    examples = two_domains(("حمار", "الكاتب", "شكرا"))
    some = np.arange(200) < 150
    fitted = fit(examples, rows=some)
    counted = count(examples, SMALL, n_jobs=1)
    X = counted.X[some]
    assert fitted.columns.tolist() == counted.columns[X.getnnz(axis=0) > 0].tolist()
    kept = np.isin(counted.columns, fitted.columns)
    y = examples.labels[some, 0].astype(np.float32)
    _, domains = np.unique(examples.domain[some], return_inverse=True)
    assert np.allclose(
        fitted.weights[:, 0], fit_head(X[:, kept], y, ones(150), domains, SMALL).weights
    )


def test_a_weight_points_to_where_its_bucket_stands():
    X = csr_matrix(np.array([[1, 0, 0], [1, 0, 1], [0, 1, 0], [0, 1, 1]], dtype=np.float32))
    y = np.array([1, 1, 0, 0], dtype=np.float32)
    head = fit_head(X, y, ones(4), np.zeros(4, dtype=np.int64), FitSettings()).weights
    assert head[0] > 0 > head[1]
    assert head[2] == pytest.approx(0, abs=1e-6)


def opposite_priors():
    """Return two domains of the same words, abusive in three comments of four and in one."""
    words = {"w0": 0, "w1": 1}
    rows = [("w0", 1, 0)] * 27 + [("w1", 1, 0)] * 9 + [("w0", 0, 0)] * 3 + [("w1", 0, 0)] * 9
    rows += [("w0", 1, 1)] * 9 + [("w1", 1, 1)] * 3 + [("w0", 0, 1)] * 9 + [("w1", 0, 1)] * 27
    X = np.zeros((len(rows), 3), dtype=np.float32)
    for i, (word, _, domain) in enumerate(rows):
        X[i, words[word]] = 1
        X[i, 2] = domain  # a word that says nothing but where it was written
    y = np.array([label for _, label, _ in rows], dtype=np.float32)
    return csr_matrix(X), y, np.array([domain for *_, domain in rows])


def test_the_prior_of_a_domain_does_not_live_in_its_words():
    X, y, domains = opposite_priors()
    settings = FitSettings(l2=0.3, iterations=500)
    apart = fit_head(X, y, ones(y.size), domains, settings).weights
    together = fit_head(X, y, ones(y.size), np.zeros_like(domains), settings).weights
    assert apart[0] > 0.3
    assert apart[1] < -0.3
    assert abs(apart[2]) < 0.1
    assert together[2] < -0.5


def test_heads_of_parts_are_a_start_from_which_few_steps_go_far():
    X, y, domains = opposite_priors()
    settings = FitSettings(l2=0.3, iterations=500, more_iterations=2)
    best = fit_head(X, y, ones(y.size), domains, settings)
    half = np.arange(y.size) % 2
    parts = [
        fit_head(X[half == i], y[half == i], ones((half == i).sum()), domains[half == i], settings)
        for i in (0, 1)
    ]
    mean = Head(
        np.mean([part.weights for part in parts], axis=0),
        np.mean([part.biases for part in parts], axis=0),
    )
    cold = fit_head(X, y, ones(y.size), domains, replace(settings, iterations=2))
    warm = fit_head(X, y, ones(y.size), domains, settings, mean)
    assert np.abs(warm.weights - best.weights).max() < 0.05
    assert np.abs(cold.weights - best.weights).max() > 0.1


def two_domains(words):
    """Return 200 comments of the same words; a tenth is abusive in one domain, most in another."""
    texts, labels, domains = [], [], []
    for domain, (abusive, clean) in {"strict": (10, 90), "loose": (90, 10)}.items():
        texts += [f"{words[0]} {words[1]}"] * abusive + [f"{words[2]} {words[1]}"] * clean
        labels += [1] * abusive + [0] * clean
        domains += [domain] * 100
    columns = np.repeat(np.array(labels, dtype=np.int8)[:, None], 6, axis=1)
    return Examples(
        ids=[f"x:{i}" for i in range(200)],
        texts=texts,
        labels=columns,
        weights=np.ones((200, 6), dtype=np.float32),
        measured=columns[:, 0],
        corpus=np.array(domains),
        domain=np.array(domains),
        split=np.full(200, "train"),
        typical=np.ones(200, dtype=np.bool_),
    )


def test_words_of_both_domains_weigh_nothing():
    examples = two_domains(("حمار", "الكاتب", "شكرا"))
    fitted = fit(examples)
    X = matrix_of(["حمار", "الكاتب", "شكرا"], fitted)
    insult, shared, thanks = (X @ fitted.weights)[:, 0]
    assert insult > 3
    assert thanks < -3
    assert abs(shared) < 0.1


def test_rows_without_a_label_have_no_say():
    examples = two_domains(("حمار", "الكاتب", "شكرا"))
    silent = np.arange(200) % 2 == 0
    examples.weights[silent, 0] = 0
    examples.labels[silent, 0] = -1
    fitted = fit(examples)
    without = examples.take(np.flatnonzero(~silent))
    X = matrix_of(examples.texts, fitted)[np.flatnonzero(~silent)]
    _, domains = np.unique(without.domain, return_inverse=True)
    y = without.labels[:, 0].astype(np.float32)
    assert np.allclose(fitted.weights[:, 0], fit_head(X, y, ones(100), domains, SMALL).weights)


def fitted_to(weights, *, columns):
    idf = np.arange(1, len(columns) + 1, dtype=np.uint8)
    biases = np.zeros((0, 6))
    return Fitted(
        columns, idf, np.repeat(np.float32(weights)[:, None], 6, axis=1), biases, NO_GROUPS
    )


def test_weights_are_rounded_to_eight_bits():
    weights = [2.54, -2.54, 0.02, 0.009, 0]
    fitted = fitted_to(weights, columns=np.arange(5) * 256)
    model = build_model(fitted, FeatureSettings(bits=10), {})
    assert isinstance(model, Model)
    assert model.weights[:5, 0].tolist() == [127, -127, 1, 0, 0]
    assert model.scales.tolist() == pytest.approx([0.02] * 6, rel=1e-2)


def test_a_feature_stands_in_its_bucket_with_its_check_and_the_others_are_empty():
    fitted = fitted_to([1, -1], columns=np.array([256 * 3 + 7, 256 * 1023 + 255]))
    model = build_model(fitted, FeatureSettings(bits=10), {"version": "x"})
    assert model.version == "x"
    assert (model.weights.shape, model.idf.shape, model.checks.shape) == (
        (1024, 6),
        (1024,),
        (1024,),
    )
    for array, values in ((model.weights[:, 5], [127, -127]), (model.idf, [1, 2])):
        assert array[[3, 1023]].tolist() == values
    assert model.checks[[3, 1023]].tolist() == [7, 255]
    for array in (model.weights.any(axis=1), model.idf, model.checks):
        assert np.flatnonzero(array).tolist() == [3, 1023]


def test_a_head_without_weights_is_all_zeros():
    fitted = fitted_to([0, 0], columns=np.array([0, 256]))
    model = build_model(fitted, FeatureSettings(bits=10), {})
    assert not model.weights.any()
    assert (model.scales > 0).all()
