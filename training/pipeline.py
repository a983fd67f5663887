"""From examples to a model: fit, calibrate and choose thresholds on held-out comments."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np
import scipy
import sklearn
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

import moderation
from moderation import ATTRIBUTES, Scorer
from moderation.model import FORMAT, Model
from training.disguise import disguised
from training.examples import NEWS, PUBLISHED, CorporaError, Examples, join
from training.experts import named_experts, teach, weigh
from training.fit import UNCALIBRATED, FitSettings, build_model, count, fit_weights
from training.highlights import fit_highlighter, read_marked
from training.judges import fit_judges
from training.operating_points import GRID, HeldOut, OperatingPointError
from training.pieces import pieces
from training.second_look import evidence_of_others, fit_networks, fit_on_others, folds_of
from training.suites import read_suites
from training.thresholds import fit_logistic_curve
from training.written import SPELLINGS, for_sums

HELD_OUT_EVERY: Final = 12  # one training comment in twelve calibrates and sets thresholds
# Of what newspapers published one in four: a threshold that two in a hundred reach hangs on few.
PUBLISHED_EVERY: Final = 4
# The default policy sends at most this share of what newspapers published to review.
REVIEW_BUDGET: Final = 0.0275
# What is likelier so than this is a reason by itself; `abusive` takes what is left of the budget.
LIKELY: Final = 0.65
# Sharp words on many people are taken for hatred of a group sooner than for anything else.
LIKELIER: Final = {"identity_hate": 0.85}
REJECT_PRECISION: Final = 0.98
# Not severe and obscene: a plain insult would become both.
LEANING: Final = ("identity_hate", "threat")
_MILDEST_REJECT: Final = 0.8  # nothing less likely than this is rejected unread
_CERTAIN: Final = 0.9995  # a threshold that hardly a comment reaches is none


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

    Raises
    ------
    CorporaError
        If an attribute has too few labelled comments.
    """
    part, rest, published = split(examples)
    facts = _facts(join([part, rest]), settings, version=version, toy=toy)
    _check_labels(part, "to fit on")
    _check_labels(rest, "held out to calibrate on")
    alone = part.corpus == SPELLINGS
    words, part = part.take(np.flatnonzero(alone)), part.take(np.flatnonzero(~alone))
    # After the split: a copy of a held-out comment must not be learned from.
    more = join([part, disguised(part), pieces(part), words])
    counted = count(more, settings, n_jobs=n_jobs)
    weighted = for_sums(more)
    others = fit_on_others(weighted, counted, settings, n_jobs=n_jobs)
    weights = fit_weights(weighted, counted, settings, n_jobs=n_jobs, parts=others)
    uncalibrated = facts | UNCALIBRATED
    first = build_model(weights, settings.features, uncalibrated)
    mixture = _mix_with_abusive(Scorer(first).evidence(rest.texts), rest)
    weights = weights.mixed(mixture)
    fitted = build_model(weights, settings.features, uncalibrated)
    found = evidence_of_others(others, weighted, mixture, settings.features, part)
    del others
    weighed = weigh(part.texts, counted, settings.features, n_jobs=n_jobs)
    del counted
    named = named_experts()
    experts, heard = teach(part, found, weighed, folds_of(part), named, n_jobs=n_jobs)
    networks, after = fit_networks(part, found, heard.opinions, n_jobs=n_jobs)
    experts = replace(experts, judges=fit_judges(part, heard, after, found, named))
    fitted = replace(fitted, networks=networks, experts=experts)
    evidence = Scorer(fitted).evidence(rest.texts)
    of_published = Scorer(fitted).evidence(published.texts)
    # Not fitted again on all comments: thresholds hold for the weights that they were chosen with.
    facts["calibration"] = _calibrate(evidence, rest)
    fitted = _under(fitted, uncalibrated | facts)
    scores, passed = (_scores(fitted, each) for each in (evidence, of_published))
    held_out = _count(scores, rest, passed)
    facts["thresholds"] = _choose(held_out, passed)
    facts["held_out"] = {"thresholds": list(GRID)} | {
        name: counts.to_document() for name, counts in held_out.items()
    }
    scorer = Scorer(_under(fitted, uncalibrated | facts))
    highlighter = fit_highlighter(scorer, read_suites(), read_marked())
    return _under(fitted, facts | {"highlights": highlighter.to_document()})


def split(examples: Examples) -> tuple[Examples, Examples, Examples]:
    """Return the comments to fit on, those held out, and those that newspapers published.

    All are of the train split; the last are held out as well, and some are among the second.
    Corpora share comments: none that is returned reads like one of a dev split, none to fit on like
    one held out.
    """
    texts = examples.text_ids()
    usable = (examples.split == "train") & (examples.weights > 0).any(axis=1)
    usable &= ~np.isin(texts, texts[examples.split == "dev"])
    held = usable & examples.held_out(every=HELD_OUT_EVERY)
    published = usable & np.isin(examples.corpus, PUBLISHED)
    published &= examples.held_out(every=PUBLISHED_EVERY)
    if not published.any():  # the project's own examples hold no newspaper
        clean = held & (examples.labels[:, 0] == 0)
        news = clean & (examples.domain == NEWS)
        published = news if news.any() else clean
    fitted_on = usable & ~np.isin(texts, texts[held | published])
    fit, rest, passed = (examples.take(np.flatnonzero(p)) for p in (fitted_on, held, published))
    return fit, rest, passed


def _under(model: Model, manifest: Mapping[str, Any]) -> Model:
    """Return the same arrays under another manifest."""
    return replace(model, manifest=manifest)


def _check_labels(part: Examples, use: str) -> None:
    for a, name in enumerate(ATTRIBUTES):
        if {0, 1} - set(part.labels[part.weights[:, a] > 0, a].tolist()):
            raise CorporaError(
                f"too few comments: none of the {len(part.texts)} {use} shows {name}, or none is "
                "free of it; add labelled comments"
            )


def _facts(data: Examples, settings: FitSettings, *, version: str, toy: bool) -> dict[str, Any]:
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


def _mix_with_abusive(evidence: NDArray[np.float32], rest: Examples) -> NDArray[np.float32]:
    """Return how each attribute's weights are made of its own and those of ``abusive``.

    Those that lean on it have few comments to learn from, and what is abusive is likelier to be
    one of them: a logistic regression on both, on the held-out comments, of shape (n_attributes,
    n_attributes). As all is linear, scoring costs no more.
    """
    mixture = np.eye(len(ATTRIBUTES), dtype=np.float32)
    for a in map(ATTRIBUTES.index, LEANING):
        rows = np.flatnonzero(rest.weights[:, a] > 0)
        both = LogisticRegression(max_iter=1000).fit(
            evidence[rows][:, [0, a]], rest.labels[rows, a], rest.weights[rows, a]
        )
        mixture[[0, a], a] = both.coef_[0]
    return mixture


def _calibrate(evidence: NDArray[np.float32], rest: Examples) -> dict[str, dict[str, float]]:
    calibration = {}
    for a, name in enumerate(ATTRIBUTES):
        rows = np.flatnonzero(_as_they_come(rest, a))
        slope, intercept = fit_logistic_curve(
            evidence[rows, a], rest.labels[rows, a].astype(np.float32), rest.weights[rows, a]
        )
        if slope <= 0:
            raise CorporaError(
                f"nothing was learnt about {name}: held-out comments with it score no higher than "
                "those without; add labelled comments"
            )
        calibration[name] = {"slope": round(slope, 6), "intercept": round(intercept, 6)}
    return calibration


def _as_they_come(rest: Examples, attribute: int) -> NDArray[np.bool_]:
    """Mark what says something about an attribute and was neither written nor picked.

    Where no such comments show the attribute, or none is free of it, all that say something.
    """
    says = rest.weights[:, attribute] > 0
    typical = says & rest.typical
    return typical if {0, 1} <= set(rest.labels[typical, attribute].tolist()) else says


def _scores(model: Model, evidence: NDArray[np.float32]) -> NDArray[np.float64]:
    """Round as scores are, or a comment below a threshold would reach it once it is shown."""
    exact: NDArray[np.float64] = Scorer(model).calibrate(evidence).astype(np.float64)
    return np.round(exact, 6)


def _count(
    scores: NDArray[np.float64], rest: Examples, published: NDArray[np.float64]
) -> dict[str, HeldOut]:
    counts = {}
    for a, name in enumerate(ATTRIBUTES):
        rows = _as_they_come(rest, a) & ~np.isin(rest.corpus, PUBLISHED)
        counts[name] = HeldOut.count(
            scores[rows, a],
            rest.labels[rows, a] == 1,
            rest.weights[rows, a],
            published=published[:, a],
        )
    return counts


def _choose(
    held_out: Mapping[str, HeldOut], published: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    cuts = _review_cuts(published)
    thresholds = {}
    for name, review_at in zip(ATTRIBUTES, cuts, strict=True):
        thresholds[name] = {"review_at": review_at}
        try:
            point = held_out[name].at_precision(REJECT_PRECISION)
        except OperatingPointError:
            continue
        reject_at = max(point.threshold, review_at, _MILDEST_REJECT)
        if reject_at < _CERTAIN:
            thresholds[name]["reject_at"] = reject_at
    return thresholds


def _review_cuts(published: NDArray[np.float64]) -> list[float]:
    """Return thresholds that together send `REVIEW_BUDGET` of the published comments to review."""
    allowed = REVIEW_BUDGET * len(published)
    likely = _lowest_cut(published[:, 1:].max(axis=1), allowed, at_least=LIKELY)
    cuts = [max(likely, _first_cut(LIKELIER.get(name, 0.0))) for name in ATTRIBUTES[1:]]
    others = (published[:, 1:] >= cuts).any(axis=1)
    abusive = _lowest_cut(published[~others, 0], allowed - others.sum(), at_least=0.0)
    return [abusive, *cuts]


def _first_cut(at_least: float) -> float:
    """Return the first threshold that comments were counted at from a score on."""
    return next(cut for cut in GRID if cut >= at_least)


def _lowest_cut(scores: NDArray[np.float64], allowed: float, *, at_least: float) -> float:
    """Return the first threshold of `GRID` that no more than so many scores reach."""
    grid = np.array([cut for cut in GRID if cut >= at_least])
    reach = len(scores) - np.searchsorted(np.sort(scores), grid, side="left")
    fitting = grid[reach <= allowed]
    return float(fitting[0] if fitting.size else grid[-1])
