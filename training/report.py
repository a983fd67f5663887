"""Puts all figures of a model together and writes them for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from moderation import Scorer
from training.card_tables import calibration, labelled_corpora, summary, unlabelled_corpora
from training.card_words import ENGLISH
from training.evaluate import Scored, evaluate, score_dev
from training.examples import Examples
from training.figures import summarise
from training.floors import Floor
from training.sources import Corpus
from training.suite_report import run_suites
from training.suites import Suites
from training.tables import table

_WORST: Final = 10  # identities shown


def measure(
    scorer: Scorer,
    examples: Examples | None,
    sources: Sequence[Corpus],
    suites: Suites,
    *,
    n_jobs: int = 1,
) -> tuple[dict[str, Any], Scored | None]:
    """Measure a model on everything there is.

    Returns
    -------
    report : dict
        What `evaluate` returns, where there are examples; what `run_suites` returns as ``suites``;
        ``summary``, the figures of `FIGURES` that could be measured, and ``model``, its version.
    scored : Scored or None
        The scores behind it, for plots.
    """
    scored = None if examples is None else score_dev(scorer, examples, n_jobs=n_jobs)
    report = {} if scored is None else evaluate(scorer, scored, sources)
    report["suites"] = run_suites(scorer, suites, scored, n_jobs=n_jobs)
    return {"model": scorer.version, "summary": summarise(report)} | report, scored


def write_report(report: Mapping[str, Any], floors: Mapping[str, Floor]) -> str:
    """Return the report as Markdown."""
    parts = [f"# Figures of model {report['model']}\n"]
    parts.append(summary(report["summary"], floors, ENGLISH))
    if "corpora" in report:
        parts += [
            each(report, ENGLISH) for each in (labelled_corpora, unlabelled_corpora, calibration)
        ]
    return "\n".join([*filter(None, parts), *_suites(report["suites"])])


def _suites(suites: Mapping[str, Any]) -> list[str]:
    return [
        _functional(suites["functional"]),
        _clean_uses(suites["clean_uses"]),
        identity_gaps(suites["identities"]),
        _spans(suites["spans"]),
        *(
            _rewrites(suites, ending)
            for ending in ("", "_corpora")
            if f"evasion{ending}" in suites and f"false_alarms{ending}" in suites
        ),
    ]


def _functional(figures: Mapping[str, Any]) -> str:
    rows = [
        (name, each["cases"], each["right"])
        for key in ("by_functionality", "by_dialect")
        for name, each in figures[key].items()
    ]
    return "## Functional suite\n\n" + table(("functionality or dialect", "cases", "right"), rows)


def _clean_uses(figures: Mapping[str, Any]) -> str:
    rows = [
        (name, each["cases"], each["flagged"])
        for name, each in figures["by_word"].items()
        if each["flagged"]
    ]
    return (
        f"## Clean uses of loaded words\n\n{figures['flagged']} of {figures['cases']} are flagged, "
        "those with these words:\n\n" + table(("word", "cases", "flagged"), rows)
    )


def identity_gaps(figures: Mapping[str, Any]) -> str:
    """Return the identities that fare worst, with neutral and with hateful words."""
    parts = []
    for key, name, wanted in (("neutral", "flagged", True), ("hateful", "caught", False)):
        part = figures[key]
        order = sorted(part["by_identity"].items(), key=lambda item: item[1][name], reverse=wanted)
        rows = [(each, got["cases"], got[name]) for each, got in order[:_WORST]]
        rows += [(f"all {kind}", got["cases"], got[name]) for kind, got in part["by_kind"].items()]
        parts.append(
            f"{key.capitalize()} words: {part[name]} of {part['cases']} {name}.\n\n"
            + table(("identity", "cases", name), rows)
        )
    spread = figures["hateful"]["spread_points"]
    parts.append(
        f"Over the {figures['hateful']['spread_frames']} hateful frames that every identity fills, "
        f"the shares caught differ by up to {spread} points.\n"
    )
    return "## Identities\n\n" + "\n".join(parts)


def _spans(figures: Mapping[str, Any]) -> str:
    return "## Highlighted words\n\n" + table(list(figures), [list(figures.values())])


def _rewrites(suites: Mapping[str, Any], ending: str) -> str:
    caught, alarms = suites[f"evasion{ending}"], suites[f"false_alarms{ending}"]
    rows = [
        (name, each["comments"], each["still_caught"], alarms["rewrites"][name]["comments"],
         alarms["rewrites"][name]["before"], alarms["rewrites"][name]["after"])
        for name, each in caught["rewrites"].items()
    ]  # fmt: skip
    where = "people's comments" if ending else "the suites"
    head = ("rewrite", "caught comments", "still caught", "clean comments", "flagged before",
            "flagged after")  # fmt: skip
    return (
        f"## Rewritten words, {where}\n\n"
        f"Of {caught['comments']} abusive comments {caught['caught']} are caught, "
        f"{caught['explained']} of them with words to rewrite. Still caught: {caught['mean']} in "
        f"the mean, {caught['lowest']} with `{caught['weakest']}`. More flags on clean text: "
        f"{alarms['most_more']} at most, with `{alarms['worst']}`.\n\n" + table(head, rows)
    )
