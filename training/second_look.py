"""Fits the second look on what each comment would get from a model that never saw it.

Comments that a model was fitted on have more evidence than new ones: a network that learned from
these would take it for stronger than it is. So the comments are cut into folds, and the evidence of
each fold comes from heads that were fitted on the others (stacking: Wolpert 1992).
"""

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from moderation import ATTRIBUTES, Scorer
from moderation.features import FeatureSettings
from moderation.readings import read_in_both
from moderation.second_look import RETHOUGHT, answers, think
from moderation.sentence import describe
from training.examples import Examples
from training.fit import UNCALIBRATED, Counted, FitSettings, Fitted, build_model, fit_weights
from training.groups import hash_groups, read_groups
from training.thresholds import fit_logistic_curve

FOLDS: Final = 3
# Of which the mean is taken: what one of them decides near a threshold is luck.
NETWORKS: Final = 12
UNITS: Final = 15  # 181 with the constant: the library takes sixteen at a time
_PENALTY: Final = 0.2
_EPOCHS: Final = 8
# Evidence from which comments are learned from: those that just miss a look count for little, but
# show where it sets in.
_LEARNED_FROM: Final = (-2.5, -2.5, -1.5)
_ONE_SIDED: Final = 0.005
_FEWEST: Final = 200  # comments that show an attribute: of fewer a network learns what is luck
_RATE: Final = 0.004
_AT_ONCE: Final = 1024
_STEPS: Final = 32  # of an epoch at least, however few the comments: or nothing is learned in them
_BATCH: Final = 4000


def folds_of(examples: Examples) -> NDArray[np.int64]:
    """Return the fold of each comment, from 0 to `FOLDS` - 1: by its name, copies together.

    Corpora share comments: those that read the same are in the fold of the first name among them.
    """
    roots = [_root(name) for name in examples.ids]
    originals = [i for i, name in enumerate(examples.ids) if name == roots[i]]
    alike = examples.take(np.array(originals, dtype=np.int64)).text_ids().tolist()
    pairs = [(text, roots[i]) for text, i in zip(alike, originals, strict=True)]
    firsts = dict(sorted(pairs, reverse=True))  # the last of a text stays: its first name
    named = {name: firsts[text] for text, name in pairs}
    names = (named.get(root, root) for root in roots)
    return np.fromiter((zlib.crc32(b"fold:" + i.encode()) % FOLDS for i in names), np.int64)


def _root(name: str) -> str:
    """Return the id of an original, which the marks of a copy follow: "corpus:7:disguised"."""
    return ":".join(name.split(":")[:2])


def fit_on_others(
    examples: Examples, counted: Counted, settings: FitSettings, *, n_jobs: int
) -> list[Fitted]:
    """Return for each fold the heads that were fitted on the others.

    Parameters
    ----------
    examples : Examples
        The comments to fit on; a copy lies in the fold of its original.
    counted : Counted
        Their features.
    settings : FitSettings
        As the heads of the model are fitted.
    n_jobs : int
        Processes to use.
    """
    folds = folds_of(examples)
    return [
        fit_weights(examples, counted, settings, rows=folds != fold, n_jobs=n_jobs)
        for fold in range(FOLDS)
    ]


def evidence_of_others(
    others: Sequence[Fitted],
    examples: Examples,
    mixture: NDArray[np.float32],
    features: FeatureSettings,
    asked: Examples,
) -> NDArray[np.float32]:
    """Return the evidence of comments by heads that were fitted on the other folds.

    Parameters
    ----------
    others : sequence of Fitted
        From `fit_on_others`.
    examples : Examples
        The comments that they were fitted on.
    mixture : ndarray of shape (n_attributes, n_attributes), float32
        What the weights are multiplied with afterwards.
    features : FeatureSettings
        What is hashed.
    asked : Examples
        The comments whose evidence is wanted: some of these or copies of them.

    Returns
    -------
    ndarray of shape (n_asked, n_attributes), float32
    """
    fold_of = dict(zip(map(_root, examples.ids), folds_of(examples).tolist(), strict=True))
    folds = np.array([fold_of[_root(name)] for name in asked.ids], dtype=np.int64)
    evidence = np.empty((len(asked.texts), len(ATTRIBUTES)), dtype=np.float32)
    manifest = {**UNCALIBRATED, "version": "fold", "features": features.to_document()}
    for fold, fitted in enumerate(others):
        mine = np.flatnonzero(folds == fold)
        scorer = Scorer(build_model(fitted.mixed(mixture), features, manifest))
        evidence[mine] = scorer.evidence([asked.texts[i] for i in mine])
    return evidence


def fit_networks(
    examples: Examples,
    evidence: NDArray[np.float32],
    opinions: NDArray[np.float64],
    *,
    n_jobs: int,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Fit a network for each attribute of `moderation.second_look.RETHOUGHT`.

    Parameters
    ----------
    examples : Examples
        The comments.
    evidence : ndarray of shape (n_comments, n_attributes), float32
        From `evidence_of_others`.
    opinions : ndarray of shape (n_comments, n_networks), float64
        From `training.experts.teach`.
    n_jobs : int
        Processes to use.

    Returns
    -------
    networks : ndarray of shape (n_networks, n_units, n_given + 2), float32
        As `moderation.second_look.SecondLook` wants them.
    after : ndarray of shape (n_comments, n_networks), float32
        The evidence once they have answered.
    """
    columns = [ATTRIBUTES.index(name) for name in RETHOUGHT]
    rows = np.flatnonzero((evidence[:, columns] > _LEARNED_FROM).any(axis=1))
    parts = np.array_split(rows, max(1, len(rows) // _BATCH))
    groups = hash_groups(read_groups())
    found = Parallel(n_jobs=n_jobs)(
        delayed(_describe)([examples.texts[i] for i in part], groups, evidence[part])
        for part in parts
    )
    X = np.column_stack((np.concatenate(found), opinions[rows].astype(np.float32)))
    known = examples.take(rows)
    lessons = [_prepare(X, a, known, evidence[rows, a]) for a in columns]
    fitted = iter(
        Parallel(n_jobs=n_jobs)(
            delayed(_fit_once)(lesson.X, lesson.labels, lesson.chances, seed)
            for lesson in lessons
            if lesson.is_enough
            for seed in range(NETWORKS)
        )
    )
    networks = np.stack(
        [
            _together(lesson, list(islice(fitted, NETWORKS)))
            if lesson.is_enough
            else _repeat(a, X.shape[1])
            for a, lesson in zip(columns, lessons, strict=True)
        ]
    )
    # None of the others reaches where a second look sets in.
    after = evidence[:, columns]
    after[rows] = think(networks, X.astype(np.float64), after[rows])
    return networks, after


def _describe(
    texts: list[str], groups: NDArray[np.uint32], evidence: NDArray[np.float32]
) -> NDArray[np.float32]:
    found = describe(texts, read_in_both(texts), groups, evidence, range(len(texts)))
    return found.astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Lesson:
    """The comments that the networks of one attribute learn from, and how likely each is drawn."""

    X: NDArray[np.float32]
    labels: NDArray[np.int8]
    weights: NDArray[np.float32]
    evidence: NDArray[np.float32]
    chances: NDArray[np.float64]

    @property
    def is_enough(self) -> bool:
        return bool(np.count_nonzero(self.labels) >= _FEWEST)


def _prepare(
    X: NDArray[np.float32], attribute: int, examples: Examples, evidence: NDArray[np.float32]
) -> _Lesson:
    labels, weights = examples.labels[:, attribute], examples.weights[:, attribute]
    least = _LEARNED_FROM[RETHOUGHT.index(ATTRIBUTES[attribute])]
    rows = np.flatnonzero((weights > 0) & (evidence > least))
    labels, weights = labels[rows], weights[rows]
    chances = _at_one_prior(labels, weights, examples.domain[rows])
    return _Lesson(X[rows], labels, weights, evidence[rows], chances)


def _fit_once(
    X: NDArray[np.float32], labels: NDArray[np.int8], chances: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Fit one network, of shape (n_units + 1, n_given + 2); its last unit is a constant."""
    # Comments that count for more are drawn more often: the library knows no weights here.
    drawn = np.random.default_rng(seed).choice(labels.size, labels.size, p=chances)
    if len(np.unique(labels[drawn])) < len(np.unique(labels)):
        drawn = np.arange(labels.size)
    scale = StandardScaler().fit(X)
    network = MLPClassifier(
        (UNITS,),
        alpha=_PENALTY,
        max_iter=_EPOCHS,
        learning_rate_init=_RATE,
        batch_size=max(1, min(_AT_ONCE, labels.size // _STEPS)),
        random_state=seed,
    )
    # It is stopped early on purpose. One thread: sums over several differ in the last digits.
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(scale.transform(X[drawn]), labels[drawn])
    (first, last), (constants, constant) = network.coefs_, network.intercepts_
    units = np.zeros((UNITS + 1, X.shape[1] + 2))
    units[:-1, :-2] = (first / scale.scale_[:, None]).T
    units[:-1, -2] = constants - units[:-1, :-2] @ scale.mean_
    units[:-1, -1] = last[:, 0]
    units[-1, -2:] = 1, constant[0]
    return units


def _together(lesson: _Lesson, fitted: list[NDArray[np.float64]]) -> NDArray[np.float32]:
    """Return networks as one, whose answer is their mean brought to the scale of the evidence.

    Of shape (n_networks * n_units + 1, n_given + 2): they share the unit that is a constant.
    """
    units = np.concatenate([*(each[:-1] for each in fitted), fitted[0][-1:]])
    units[-1, -1] = sum(each[-1, -1] for each in fitted)
    units[:, -1] /= len(fitted)
    says = answers(units, lesson.X.astype(np.float64)).astype(np.float32)
    y = lesson.labels.astype(np.float32)
    slope, intercept = fit_logistic_curve(says, y, lesson.weights)
    of_sums, from_sums = fit_logistic_curve(lesson.evidence, y, lesson.weights)
    units[:, -1] *= slope / of_sums
    units[-1, -1] += (intercept - from_sums) / of_sums
    return units.astype(np.float32)


def _repeat(attribute: int, n_given: int) -> NDArray[np.float32]:
    """Return a network that says what the evidence of an attribute says.

    Where too few comments show the attribute: what one learns from these is luck.
    """
    units = np.zeros((NETWORKS * UNITS + 1, n_given + 2), dtype=np.float32)
    for unit, sign in enumerate((1, -1)):
        units[unit, [attribute, -1]] = sign
    return units


def _at_one_prior(
    labels: NDArray[np.int8], weights: NDArray[np.float32], domains: NDArray[np.str_]
) -> NDArray[np.float64]:
    """Return how likely each comment is drawn, so that each corpus shows the attribute as often.

    Else a network learns to tell corpora apart by their style, and takes the style of a corpus of
    insults for an insult: 4 in 100 of the comments that newspapers published, not 1, were flagged.
    """
    chances = weights.astype(np.float64)
    prior = np.average(labels, weights=chances)
    for domain in np.unique(domains):
        mine = domains == domain
        share = np.average(labels[mine], weights=chances[mine])
        if _ONE_SIDED < share < 1 - _ONE_SIDED:
            odds = np.where(labels[mine] == 1, prior / share, (1 - prior) / (1 - share))
            chances[mine] *= odds
    return np.asarray(chances / chances.sum())
