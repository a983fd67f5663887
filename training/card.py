"""Writes a model's card from its manifest, in English and in Arabic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from moderation.model import CARD
from training.card_tables import (
    calibration,
    labelled_corpora,
    section,
    summary,
    unlabelled_corpora,
)
from training.card_words import ARABIC, ENGLISH, Words
from training.plots import RELIABILITY, PlotsMissingError, draw_reliability
from training.sources import Corpus
from training.tables import table
from training.trials import ABLATIONS, LEAVE_ONE_OUT, Row, read_trials

ARABIC_CARD: Final = "card.ar.md"
ABLATION_COLUMNS: Final = ("change", "corpus", "mean_auc", "osact4_auc", "arabizi_auc",
                           "aoc_flagged", "asnd_flagged", "iterations")  # fmt: skip
ALONE_COLUMNS: Final = ("corpus", "attribute", "comments", "auc", "iterations")
_ENOUGH: Final = 3000  # training comments that show an attribute


@dataclass(frozen=True, slots=True)
class Trials:
    """What fits on other data gave; empty where nobody made them."""

    ablations: Sequence[Row] = ()
    alone: Sequence[Row] = ()

    @classmethod
    def read(cls, ablations: Path = ABLATIONS, alone: Path = LEAVE_ONE_OUT) -> Self:
        """Read both tables."""
        return cls(read_trials(ablations, ABLATION_COLUMNS), read_trials(alone, ALONE_COLUMNS))


def write_cards(
    folder: Path, manifest: Mapping[str, Any], sources: Sequence[Corpus], trials: Trials
) -> None:
    """Write both cards into a model's folder, and the plot that they show where it can be drawn."""
    plot = None
    if manifest["metrics"].get("reliability"):
        try:
            plot = draw_reliability(folder / RELIABILITY, manifest["metrics"]["reliability"]).name
        except PlotsMissingError:
            (folder / RELIABILITY).unlink(missing_ok=True)
    for name, words in ((CARD, ENGLISH), (ARABIC_CARD, ARABIC)):
        text = write_card(manifest, sources, trials, words=words, plot=plot)
        (folder / name).write_text(text, encoding="utf-8")


def write_card(
    manifest: Mapping[str, Any],
    sources: Sequence[Corpus],
    trials: Trials,
    *,
    words: Words,
    plot: str | None = None,
) -> str:
    """Return the card as Markdown; `plot` names the picture of the reliability beside it."""
    metrics = manifest["metrics"]
    # A toy was not fitted on the corpora that the trials are about.
    tried = Trials() if manifest["toy"] else trials
    parts = [
        f"# {words['title'].format(version=manifest['version'])}\n",
        words["other"] + "\n",
        words["toy"] + "\n" if manifest["toy"] else "",
        words["permissive"] + "\n" if manifest.get("licences") == "permissive" else "",
        words["about"] + "\n",
        summary(metrics["summary"], {}, words),
        section(words["limits"], words["limits_text"]),
        _attributes(manifest, words),
        _identities(metrics["suites"]["identities"], words),
        labelled_corpora(metrics, words),
        unlabelled_corpora(metrics, words),
        calibration(metrics, words, plot=plot),
        _alone(tried.alone, words),
        _decisions(tried.ablations, words),
        _data(manifest, sources, words),
    ]
    text = "\n".join(part for part in parts if part)
    return f'<div dir="rtl">\n\n{text}\n</div>\n' if words is ARABIC else text


def _attributes(manifest: Mapping[str, Any], words: Words) -> str:
    positives = manifest["positives"]
    rows = [
        (
            name,
            positives[name],
            cut["review_at"],
            cut.get("reject_at", words["never"]),
            manifest["metrics"]["calibration_error"].get(name),
        )
        for name, cut in manifest["thresholds"].items()
    ]
    head = [
        words[key]
        for key in ("attribute", "positive_examples", "review_at", "reject_at", "calibration_error")
    ]
    few = [f"`{name}`" for name, count in positives.items() if count < _ENOUGH]
    warning = words["little"].format(names=", ".join(few), least=_ENOUGH) if few else ""
    return section(words["attributes"], table(head, rows), warning)


def _identities(figures: Mapping[str, Any], words: Words) -> str:
    neutral, hateful = figures["neutral"], figures["hateful"]
    about = words["identities_about"].format(
        count=neutral["identities"],
        listed=figures["listed"],
        neutral=neutral["cases"],
        flagged=_percent(neutral["flagged"]),
        worst=neutral["worst"]["plural"],
        worst_flagged=_percent(neutral["worst"]["flagged"]),
        hateful=hateful["cases"],
        caught=_percent(hateful["caught"]),
        least=hateful["worst"]["plural"],
        least_caught=_percent(hateful["worst"]["caught"]),
        spread=f"{hateful['spread_points']:g}",
    )
    rows = [
        (kind, _percent(each["flagged"]), _percent(hateful["by_kind"][kind]["caught"]))
        for kind, each in neutral["by_kind"].items()
    ]
    head = [words[key] for key in ("kind", "flagged", "caught")]
    return section(words["identities"], about, table(head, rows))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _alone(rows: Sequence[Row], words: Words) -> str:
    if not rows:
        return ""
    mean = f"{sum(float(row['auc']) for row in rows) / len(rows):.4f}"
    head = [words[key] for key in ("corpus", "attribute", "comments", "without")]
    return section(
        words["alone"],
        words["alone_about"].format(mean=mean, iterations=rows[0]["iterations"]),
        table(head, [[row[name] for name in ALONE_COLUMNS[:4]] for row in rows]),
    )


def _decisions(rows: Sequence[Row], words: Words) -> str:
    if not rows:
        return ""
    head = [
        words[key] for key in ("decision", "auc_all", "auc_reference", "auc_arabizi", "aoc", "asnd")
    ]
    cells = [
        [
            words[row["change"]].format(corpus=row["corpus"]),
            *(row[n] for n in ABLATION_COLUMNS[2:7]),
        ]
        for row in rows
    ]
    about = words["decisions_about"].format(iterations=rows[0]["iterations"])
    return section(words["decisions"], about, table(head, cells))


def _data(manifest: Mapping[str, Any], sources: Sequence[Corpus], words: Words) -> str:
    known = {corpus.name: corpus for corpus in sources}
    rows: list[tuple[str | int | None, ...]] = []
    for name, count in manifest["corpora"].items():
        corpus = known.get(name)
        if corpus is None:
            rows.append((name, count, None, "GPL-3.0-or-later", "✓", words["own"]))
        else:
            clear = "✓" if corpus.licence_clear else ""
            rows.append((name, count, corpus.dialect, corpus.licence, clear, corpus.citation))
    head = [words[k] for k in ("corpus", "comments", "dialect", "licence", "clear", "citation")]
    return section(words["data"], words["data_about"], table(head, rows))
