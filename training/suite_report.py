"""Runs every suite on its half for measuring, rewrites included."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from moderation import Policy, Scorer
from training.evaluate import REFERENCE, Scored
from training.evasion_suite import measure_evasion, measure_false_alarms
from training.groups import read_groups
from training.suite_cases import MEASURE, Identity
from training.suite_measures import measure_suites
from training.suites import Suites

NEWSPAPER: Final = "aoc_reader_comments"
# One row per word, frame or identity: for the report, not for a manifest.
_FULL: Final = ("by_functionality", "by_dialect", "by_word", "by_identity", "by_frame", "rewrites")


def run_suites(
    scorer: Scorer, suites: Suites, scored: Scored | None = None, *, n_jobs: int = 1
) -> dict[str, Any]:
    """Measure the default policy of a model on all suites.

    Parameters
    ----------
    scorer : Scorer
        The model.
    suites : Suites
        Both halves; those for measuring are used.
    scored : Scored, optional
        Corpora: then comments of people are rewritten too, not of the suites alone.
    n_jobs : int
        Processes to use.

    Returns
    -------
    dict
        What `measure_suites` returns, with the number of identities that are ``listed`` among the
        names of groups; ``evasion`` over the abusive cases of the suites and
        ``false_alarms`` over the clean ones; ``evasion_corpora`` and ``false_alarms_corpora``
        likewise over `REFERENCE` and `NEWSPAPER`, where there are any.
    """
    policy = scorer.default_policy()
    parts = _parts(scorer, policy, suites)
    if scored is not None:
        parts |= _corpora_parts(scorer, policy, scored)
    found = Parallel(n_jobs=n_jobs, return_as="generator")(parts.values())
    bar = tqdm(found, total=len(parts), desc="suites", unit="suite", disable=None)
    report: dict[str, dict[str, Any]] = dict(zip(parts, bar, strict=True))
    figures: dict[str, dict[str, Any]] = {**report.pop("suites"), **report}
    figures["identities"]["listed"] = _listed(suites.identities)
    return figures


def _listed(identities: Sequence[Identity]) -> int:
    """Count the identities to measure whose names the model is told to read as one word."""
    names = set(read_groups().names)
    return sum(
        not names.isdisjoint(each.plural.split()) for each in identities if each.half == MEASURE
    )


def without_rows(report: dict[str, Any]) -> dict[str, Any]:
    """Return a suite report without its rows per word, frame, identity or rewrite."""
    return {
        key: without_rows(value) if isinstance(value, dict) else value
        for key, value in report.items()
        if key not in _FULL
    }


_Part = tuple[Callable[..., dict[str, Any]], tuple[Any, ...], dict[str, Any]]


def _parts(scorer: Scorer, policy: Policy, suites: Suites) -> dict[str, _Part]:
    cases = [each for each in suites.functional if each.half == MEASURE]
    spans = [each for each in suites.spans if each.half == MEASURE]
    uses = [each for each in suites.clean_uses if each.half == MEASURE and not each.held]
    abusive = [c.text for c in cases if c.held] + [m.text for m in spans if m.stretches]
    clean = [each.text for each in (*cases, *uses) if not each.held]
    return {
        "suites": delayed(measure_suites)(scorer, policy, suites),
        "evasion": delayed(measure_evasion)(scorer, policy, abusive),
        "false_alarms": delayed(measure_false_alarms)(scorer, policy, clean),
    }


def _corpora_parts(scorer: Scorer, policy: Policy, scored: Scored) -> dict[str, _Part]:
    dev = scored.dev
    abusive = np.flatnonzero(scored.rows(REFERENCE) & (dev.measured == 1)).tolist()
    clean = [dev.texts[i] for i in np.flatnonzero(scored.rows(NEWSPAPER)).tolist()]
    texts = [dev.texts[i] for i in abusive]
    return (
        {"evasion_corpora": delayed(measure_evasion)(scorer, policy, texts)} if texts else {}
    ) | (
        {"false_alarms_corpora": delayed(measure_false_alarms)(scorer, policy, clean)}
        if clean
        else {}
    )
