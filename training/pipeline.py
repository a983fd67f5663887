"""From examples to a model: fit, calibrate on held-out comments, choose thresholds, fit again."""

import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray

import moderation
from moderation import ATTRIBUTES, Scorer
from moderation.model import FORMAT, Model
from training.examples import NEWS, Examples
from training.fit import FitSettings, build_model, fit_weights
from training.thresholds import (
    fit_logistic_curve,
    lowest_threshold_at_precision,
    threshold_at_rate,
)

HELD_OUT_EVERY: Final = 10  # one training comment in ten calibrates and sets thresholds
PUBLISHED: Final = ("aoc_reader_comments", "hespress_comments")
# The default policy sends this share of what newspapers published to review, by attribute.
REVIEW_RATES: Final = {"abusive": 0.036, "insult": 0.02, "obscene": 0.006, "severe": 0.006,
                       "identity_hate": 0.006, "threat": 0.003}  # fmt: skip
REJECT_PRECISION: Final = 0.98
_MILDEST_REJECT: Final = 0.8  # nothing less likely than this is rejected unread


def train(
    examples: Examples, settings: FitSettings, *, version: str, n_jobs: int, toy: bool
) -> Model:
    """Fit a model on the train split of `examples`.

    Parameters
    ----------
    examples : Examples
        All splits; only ``train`` rows with a label are used.
    settings : FitSettings
        Features and penalties.
    version : str
        Name of the model.
    n_jobs : int
        Processes to use.
    toy : bool
        Whether the data is too small for real use; the manifest says so.

    Returns
    -------
    Model
        Calibrated, with thresholds, without metrics.
    """
    usable = (examples.split == "train") & (examples.weights > 0).any(axis=1)
    data = examples.take(np.flatnonzero(usable))
    held = data.held_out(every=HELD_OUT_EVERY)
    facts = _facts(data, settings, version=version, toy=toy)
    part, rest = data.take(np.flatnonzero(~held)), data.take(np.flatnonzero(held))
    first = build_model(*fit_weights(part, settings, n_jobs=n_jobs), facts | _UNCALIBRATED)
    evidence = Scorer(first).evidence(rest.texts)
    calibration = _calibrate(evidence, rest)
    scorer = Scorer(build_model_like(first, facts | {"calibration": calibration, "thresholds": {}}))
    thresholds = _choose(scorer.calibrate(evidence), rest)
    facts |= {"calibration": calibration, "thresholds": thresholds}
    return build_model(*fit_weights(data, settings, n_jobs=n_jobs), facts)


_UNCALIBRATED: Final[Mapping[str, Any]] = {
    "calibration": {name: {"slope": 1.0, "intercept": 0.0} for name in ATTRIBUTES},
    "thresholds": {},
}


def build_model_like(model: Model, manifest: Mapping[str, Any]) -> Model:
    """Return the same arrays under another manifest."""
    return Model(manifest, model.weights, model.scales, model.idf)


def _facts(
    data: Examples, settings: FitSettings, *, version: str, toy: bool
) -> dict[str, Any]:
    names, counts = np.unique(data.corpus, return_counts=True)
    return {
        "format": FORMAT,
        "version": version,
        "code_version": moderation.__version__,
        "toy": toy,
        "attributes": list(ATTRIBUTES),
        "features": settings.features.to_document(),
        "fit": {k: v for k, v in asdict(settings).items() if k != "features"},
        "corpora": dict(zip(names.tolist(), counts.tolist(), strict=True)),
        "positives": {
            name: int((data.labels[:, a] == 1).sum()) for a, name in enumerate(ATTRIBUTES)
        },
        "environment": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }


def _calibrate(evidence: NDArray[np.float32], rest: Examples) -> dict[str, dict[str, float]]:
    calibration = {}
    for a, name in enumerate(ATTRIBUTES):
        rows = np.flatnonzero(rest.weights[:, a] > 0)
        slope, intercept = fit_logistic_curve(
            evidence[rows, a], rest.labels[rows, a].astype(np.float32), rest.weights[rows, a]
        )
        calibration[name] = {"slope": round(slope, 6), "intercept": round(intercept, 6)}
    return calibration


def _choose(scores: NDArray[np.float32], rest: Examples) -> dict[str, dict[str, float]]:
    published = np.isin(rest.corpus, PUBLISHED)
    if not published.any():  # the project's own examples hold no newspaper
        published = (rest.domain == NEWS) & (rest.labels[:, 0] == 0)
    thresholds = {}
    for a, name in enumerate(ATTRIBUTES):
        review_at = threshold_at_rate(scores[published, a], rate=REVIEW_RATES[name])
        rows = (rest.weights[:, a] > 0) & ~published
        try:
            reject_at = lowest_threshold_at_precision(
                rest.labels[rows, a] == 1, scores[rows, a], precision=REJECT_PRECISION
            )
        except ValueError:
            reject_at = None
        review_at = round(min(review_at, 0.999999), 6)
        thresholds[name] = {"review_at": review_at}
        if reject_at is not None:
            thresholds[name]["reject_at"] = round(max(reject_at, review_at, _MILDEST_REJECT), 6)
    return thresholds
