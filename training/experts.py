"""Fits experts for some corpora, and tells what they say of comments new to them.

Each corpus with enough labelled comments has one, which speaks about what its corpus labels. What
newspapers published and what was written for the project have one for each attribute together, whom
nobody hears but `training.judges`: the sum for all is for them.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from moderation import ATTRIBUTES
from moderation.experts import AT_ONCE, WEIGHED, Experts, Heard, hear, judged_by
from moderation.features import FeatureSettings
from moderation.second_look import NO_EXPERTS, RETHOUGHT
from moderation.typography import typed
from training.examples import Examples
from training.fit import Counted, FitSettings, fit_head
from training.matrix import count_features, keep_features
from training.sources import load_sources
from training.thresholds import fit_logistic_curve

FEWEST: Final = 150
"""Comments that show an attribute, and that do not, which an expert needs."""
_MIN_COMMENTS: Final = 4
_IN_DOMAIN: Final = 2  # comments of its own that have a feature which an expert weighs
_TELLING: Final = 16  # comments that have a feature which tells domains: rarer ones tell no more
_STEPS: Final = 60  # batches in an epoch, at least
_EPOCHS: Final = 3
_RATE: Final = 0.02
_PENALTY: Final = 1e-6
_BATCH: Final = 2048
_TAIL: Final = 1e-4  # of the weights, which are clipped
_TYPING: Final = 0.5  # standard deviation that each count is brought to: above it learns faster
_LEAST_DEVIATION: Final = 1e-3
_TYPED_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class Weighed:
    """The features that experts weigh, and how the comments are typed.

    Parameters
    ----------
    X : csr_matrix of shape (n_comments, n_features), float32
        Occurrences over the root of how many there are of all, as `moderation.experts` has it.
    buckets : ndarray of shape (n_features,), uint32
        Bucket of each feature, ascending.
    typed : ndarray of shape (n_comments, 2 * n_counted), float32
        How the comments are typed: `moderation.typography.typed`.
    """

    X: csr_matrix
    buckets: NDArray[np.uint32]
    typed: NDArray[np.float32]

    def take(self, rows: NDArray[np.bool_]) -> "Weighed":
        """Return some of the comments."""
        return Weighed(self.X[rows], self.buckets, self.typed[rows])


@dataclass(frozen=True, slots=True)
class Heads:
    """Linear heads: of elsewhere, of each domain, of each expert, of elsewhere's experts.

    Parameters
    ----------
    weights : ndarray of shape (n_features, 1 + 2 * n_experts + n_rethought), float32
        One column each.
    constants : ndarray of shape (1 + 2 * n_experts + n_rethought,), float32
        Of experts 0: see `teach`.
    typing : ndarray of shape (2 * n_counted, 1 + n_experts), float32
        Of elsewhere and of each domain.
    """

    weights: NDArray[np.float32]
    constants: NDArray[np.float32]
    typing: NDArray[np.float32]

    def say(self, weighed: Weighed) -> NDArray[np.float32]:
        """Return what each says of comments, of shape (n_comments, n_heads)."""
        said = weighed.X @ self.weights + self.constants
        said[:, : self.typing.shape[1]] += weighed.typed @ self.typing
        return np.asarray(said, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Expert:
    """Who speaks: for which domain, and about which attribute, by number in `RETHOUGHT`.

    For elsewhere, that is for all but some domains, where these are given instead of one.
    """

    domain: str
    about: int
    but: tuple[str, ...] = ()

    @property
    def attribute(self) -> int:
        """Number of the attribute among all."""
        return ATTRIBUTES.index(RETHOUGHT[self.about])

    def own(self, examples: Examples) -> NDArray[np.bool_]:
        """Mark the comments of its domain that say something about its attribute."""
        inside = examples.domain == self.domain
        if self.but:
            inside = ~np.isin(examples.domain, self.but)
        return np.asarray(inside & (examples.weights[:, self.attribute] > 0))


def named_experts() -> dict[str, str]:
    """Return the corpora that may have an expert, and what they label."""
    return {
        corpus.name: corpus.measures for corpus in load_sources() if corpus.measures in RETHOUGHT
    }


def of_elsewhere(experts: Sequence[Expert]) -> list[Expert]:
    """Return those who speak for all domains that have no expert, one for each attribute."""
    domains = tuple(expert.domain for expert in experts)
    return [Expert("", about, but=domains) for about in range(len(RETHOUGHT))]


def those_that_can_learn(examples: Examples, named: Mapping[str, str]) -> list[Expert]:
    """Return the experts whose domain has enough comments of either kind, as they are fitted."""
    experts = [Expert(domain, RETHOUGHT.index(name)) for domain, name in sorted(named.items())]
    return [expert for expert in experts if _is_enough(examples, expert)]


def _is_enough(examples: Examples, expert: Expert) -> bool:
    labels = examples.labels[expert.own(examples), expert.attribute]
    return bool(min((labels == 1).sum(), (labels == 0).sum()) >= FEWEST)


def weigh(
    texts: Sequence[str], counted: Counted, settings: FeatureSettings, *, n_jobs: int
) -> Weighed:
    """Count what experts weigh: some n-grams, words, their skeletons, emoji, and the typing.

    Longer n-grams and pairs gain nothing more, and are many times as many.

    Parameters
    ----------
    texts : sequence of str
        Comments.
    counted : Counted
        Which features the model keeps.
    settings : FeatureSettings
        What is hashed.
    n_jobs : int
        Processes to use.
    """
    counts = count_features(texts, settings, counted.groups, n_jobs=n_jobs, only=WEIGHED)
    columns, comments = np.unique(counts.indices, return_counts=True)
    columns = columns[comments >= _MIN_COMMENTS]
    kept = counted.columns[np.isin(counted.columns, columns)]
    X = keep_features(counts, kept)
    lengths = np.sqrt(np.maximum(np.asarray(X.sum(axis=1)).ravel(), 1))
    X.data /= np.repeat(lengths, np.diff(X.indptr)).astype(np.float32)
    parts = [texts[i : i + _TYPED_AT_ONCE] for i in range(0, len(texts), _TYPED_AT_ONCE)]
    how = np.concatenate([typed(part).astype(np.float32) for part in parts])
    return Weighed(X, (kept >> 8).astype(np.uint32), how)


def fit_heads(
    weighed: Weighed,
    examples: Examples,
    experts: Sequence[Expert],
    rows: NDArray[np.bool_],
    *,
    n_jobs: int,
) -> Heads:
    """Fit what tells domains, and experts, on some of the comments."""
    domains = np.zeros(len(rows), dtype=np.int64)
    for k, expert in enumerate(experts, start=1):
        domains[examples.domain == expert.domain] = k
    own = np.flatnonzero(rows)
    elsewhere = of_elsewhere(experts)
    typed_here = weighed.typed[own]
    mean = typed_here.mean(axis=0)
    units = np.maximum(typed_here.std(axis=0), _LEAST_DEVIATION) / _TYPING
    typing = csr_matrix((typed_here - mean) / units)
    counts = weighed.X[own]
    telling = np.flatnonzero(counts.getnnz(axis=0) >= _TELLING)
    X = hstack((counts[:, telling], typing), format="csr", dtype=np.float32)
    jobs = [delayed(_fit_domains)(X, domains[own], len(experts) + 1)]
    for expert in (*experts, *elsewhere):
        own = np.flatnonzero(expert.own(examples) & rows)
        labels = examples.labels[own, expert.attribute].astype(np.float32)
        weights = examples.weights[own, expert.attribute]
        jobs.append(delayed(_fit_expert)(weighed.X[own], labels, weights))
    (of_domains, constants), *of_experts = Parallel(n_jobs=n_jobs, mmap_mode="r")(jobs)
    n = telling.size
    of_typing = of_domains[n:] / units[:, None]
    constants = constants - mean @ of_typing
    of_features = np.zeros((weighed.X.shape[1], of_domains.shape[1]), dtype=np.float32)
    of_features[telling] = of_domains[:n]
    return Heads(
        np.concatenate((of_features, *of_experts), axis=1),
        np.pad(constants, (0, len(experts) + len(elsewhere))).astype(np.float32),
        of_typing.astype(np.float32),
    )


def _fit_domains(
    X: csr_matrix, domains: NDArray[np.int64], n_domains: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a softmax regression: a network without a hidden layer learns in batches.

    Domains are drawn by the root of their size, so that the small ones are heard.
    """
    chances = 1 / np.sqrt(np.bincount(domains, minlength=n_domains)[domains])
    random = np.random.default_rng(0)
    drawn = random.choice(domains.size, domains.size, p=chances / chances.sum())
    network = MLPClassifier(
        (),
        alpha=_PENALTY,
        max_iter=_EPOCHS,
        learning_rate_init=_RATE,
        batch_size=min(_BATCH, max(domains.size // _STEPS, 1)),  # few take steps as well
        random_state=0,
    )
    # All in it, so that there is a column for each.
    drawn[:n_domains] = np.unique(domains, return_index=True)[1]
    # It is stopped early on purpose. One thread: sums over several differ in the last digits.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(X[drawn], domains[drawn])
    weights, constants = network.coefs_[0], network.intercepts_[0]
    if weights.shape[1] == 1:  # of two domains, the first has none of its own
        weights, constants = np.pad(weights, ((0, 0), (1, 0))), np.pad(constants, (1, 0))
    return weights.astype(np.float32), constants.astype(np.float32)


def _fit_expert(
    X: csr_matrix, labels: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    known = np.flatnonzero(X.getnnz(axis=0) >= _IN_DOMAIN)
    found = np.zeros((X.shape[1], 1), dtype=np.float32)
    domain = np.zeros(len(labels), dtype=np.int64)
    with threadpool_limits(limits=1):
        head = fit_head(X[:, known], labels, weights, domain, FitSettings())
    found[known, 0] = head.weights
    return found


def teach(
    examples: Examples,
    evidence: NDArray[np.float32],
    weighed: Weighed,
    folds: NDArray[np.int64],
    named: Mapping[str, str],
    *,
    n_jobs: int,
) -> tuple[Experts, Heard]:
    """Fit experts, and tell what experts that had not seen a comment say of it.

    Parameters
    ----------
    examples : Examples
        Comments to learn from.
    evidence : ndarray of shape (n_comments, n_attributes), float32
        Of heads that had not seen them: see `training.second_look.evidence_of_others`.
    weighed : Weighed
        Their features.
    folds : ndarray of shape (n_comments,), int64
        The fold of each comment.
    named : mapping
        Domains that have an expert, and the attribute that each speaks about; one that has too
        few comments here is left out.
    n_jobs : int
        Processes to use.

    Returns
    -------
    experts : Experts
        Fitted on all comments; nobody judges yet: see `training.judges`.
    heard : Heard
        As `Experts.hear` of those that were fitted on the other folds.
    """
    columns = [ATTRIBUTES.index(name) for name in RETHOUGHT]
    sums = np.array(
        [even_curve(evidence[:, a], examples, examples.weights[:, a] > 0, a) for a in columns]
    )
    plain = evidence[:, columns] * sums[:, 0] + sums[:, 1]
    experts = those_that_can_learn(examples, named)
    if not experts:
        nobody = replace(NO_EXPERTS, sums=sums.astype(np.float32))
        return nobody, hear(np.zeros((len(folds), 0)), plain, nobody.attributes)
    n_heads = 1 + 2 * len(experts) + len(RETHOUGHT)
    said = np.zeros((len(folds), n_heads))
    for fold in np.unique(folds):
        mine = folds == fold
        of_others = fit_heads(weighed, examples, experts, ~mine, n_jobs=n_jobs)
        said[mine] = of_others.say(weighed.take(mine))
    heads = fit_heads(weighed, examples, experts, np.ones(len(folds), np.bool_), n_jobs=n_jobs)
    curves = np.tile([1.0, 0.0], (n_heads, 1))
    for k, expert in enumerate((*experts, *of_elsewhere(experts)), start=1 + len(experts)):
        own = expert.own(examples)
        if len(np.unique(examples.labels[own, expert.attribute])) > 1:
            curves[k] = even_curve(said[:, k], examples, own, expert.attribute)
    about = np.array([expert.about for expert in experts], dtype=np.int32)
    built = _build(heads, weighed.buckets, curves, about, sums)
    return built, hear(said * curves[:, 0] + curves[:, 1], plain, about)


def even_curve(
    said: NDArray[Any], examples: Examples, own: NDArray[np.bool_], attribute: int
) -> tuple[float, float]:
    """Return slope and constant that make log odds, as if half of the comments showed it.

    Parameters
    ----------
    said : ndarray of shape (n_comments,)
        What is said of them.
    examples : Examples
        The comments.
    own : ndarray of shape (n_comments,), bool
        Those to fit on.
    attribute : int
        Number of the attribute among all.
    """
    labels = examples.labels[own, attribute]
    weights = evenly(labels, examples.weights[own, attribute])
    return fit_logistic_curve(
        said[own].astype(np.float32), labels.astype(np.float32), weights.astype(np.float32)
    )


def evenly(labels: NDArray[np.int8], weights: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return weights of comments of which either label has half of all, one each on the mean."""
    even = weights.astype(np.float64)
    for label in (0, 1):
        even[labels == label] *= even.size / 2 / max(even[labels == label].sum(), 1e-9)
    return even


def _build(
    heads: Heads,
    buckets: NDArray[np.uint32],
    curves: NDArray[np.float64],
    about: NDArray[np.int32],
    sums: NDArray[np.float64],
) -> Experts:
    """Round weights to 8 bits, and put the curves of experts into their scales."""
    largest = np.quantile(np.abs(heads.weights), 1 - _TAIL, axis=0)
    units = np.maximum(largest, 1e-6) / 127
    weights = np.clip(np.rint(heads.weights / units), -127, 127).astype(np.int8)
    known = np.flatnonzero(weights.any(axis=1))
    known = known[np.argsort(buckets[known])]
    return Experts(
        buckets=buckets[known],
        weights=np.pad(weights[known], ((0, 0), (0, -weights.shape[1] % AT_ONCE))),
        scales=np.stack((units * curves[:, 0], heads.constants + curves[:, 1])).astype(np.float32),
        attributes=about,
        sums=sums.astype(np.float32),
        typing=heads.typing,
        judges=np.zeros((len(about) + len(RETHOUGHT), judged_by(len(RETHOUGHT))), np.float32),
    )
