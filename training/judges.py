"""Fits what each domain makes of all that is said of a comment: `moderation.experts.Experts.judge`.

What the networks answer is one measure for all collections, and what an expert says is right for
one. A logistic regression for each expert, on the comments of its domain, weighs them against each
other; elsewhere is a domain like others here, with an expert for each attribute.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from moderation.experts import Heard
from training.examples import Examples
from training.experts import even_curve, evenly, of_elsewhere, those_that_can_learn

_PENALTY: Final = 3.0  # on the weights of numbers of one standard deviation: next to nothing
_STEPS: Final = 300
_LEAST_DEVIATION: Final = 1e-3


def fit_judges(
    examples: Examples,
    heard: Heard,
    after: NDArray[np.float32],
    sums: NDArray[np.float32],
    named: Mapping[str, str],
) -> NDArray[np.float32]:
    """Fit all judges.

    Each is brought to the scale of the evidence, and its constant is set so that on the comments
    it was fitted on its mean is that of the evidence: how often a collection shows an attribute
    says how it was sampled, and must not move a comment that may or may not be of it.

    Parameters
    ----------
    examples : Examples
        Comments to learn from.
    heard : Heard
        What experts say of them that had not seen them: see `training.experts.teach`.
    after : ndarray of shape (n_comments, n_rethought), float32
        Their evidence once the networks have answered: see `training.second_look.fit_networks`.
    sums : ndarray of shape (n_comments, n_attributes), float32
        Their evidence by heads that had not seen them.
    named : mapping
        As the experts were chosen by.

    Returns
    -------
    ndarray of shape (n_experts + n_rethought, n_judged), float32
        As `moderation.experts.Experts` wants them; none where there are no experts.
    """
    experts = those_that_can_learn(examples, named)
    if experts:
        experts += of_elsewhere(experts)
    slopes = {}
    for about, a in {(expert.about, expert.attribute) for expert in experts}:
        says = examples.weights[:, a] > 0
        slopes[about], _ = even_curve(after[:, about], examples, says, a)
    judges = np.zeros((len(experts), after.shape[1] + sums.shape[1] + 2))
    for k, (judge, expert) in enumerate(zip(judges, experts, strict=True)):
        own = expert.own(examples)
        labels = examples.labels[own, expert.attribute]
        if len(np.unique(labels)) < 2:  # nothing to tell apart: the evidence stays as it is
            judge[expert.about] = 1
            continue
        given = np.column_stack((after[own], sums[own], heard.said[own, k])).astype(np.float64)
        weights = evenly(labels, examples.weights[own, expert.attribute])
        judge[:-1] = _fit(given, labels, weights) / slopes[expert.about]
        judge[-1] = np.mean(after[own, expert.about] - given @ judge[:-1])
    return judges.astype(np.float32)


def _fit(
    given: NDArray[np.float64], labels: NDArray[np.int8], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return what each number counts for, in log odds."""
    units = given.std(axis=0) + _LEAST_DEVIATION
    scaled = (given - given.mean(axis=0)) / units
    regression = LogisticRegression(C=1 / _PENALTY, max_iter=_STEPS)
    with threadpool_limits(limits=1):  # sums over several threads differ in the last digits
        regression.fit(scaled, labels, weights)
    return np.asarray(regression.coef_[0] / units)
