"""The tables that a card and a report share, in the words of either language."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from training.card_words import Words
from training.figures import FIGURES, HIGHER
from training.floors import Floor
from training.tables import table

_OWN: Final = "seed"  # the project's own comments, which `evaluate` leaves out of the mean


def section(title: str, *parts: str) -> str:
    """Return a section of Markdown, its parts with an empty line between."""
    return "\n\n".join([f"## {title}", *(part.rstrip("\n") for part in parts if part)]) + "\n"


def summary(figures: Mapping[str, float], floors: Mapping[str, Floor], words: Words) -> str:
    """Return what was measured beside what is wanted, and the floors where there are any."""
    known = [figure for figure in FIGURES if figure.name in figures]
    head = [words["figure"], words["measured"], words["wanted"]]
    rows: list[list[str | None]] = []
    for figure in known:
        text = figure.text if words["language"] == "en" else figure.arabic
        rows.append([text, f"{figures[figure.name]:g}", _signed(figure.better, figure.goal)])
    if floors:
        head.append(words["floor"])
        for figure, row in zip(known, rows, strict=True):
            floor = floors.get(figure.name)
            row.append(_signed(figure.better, None if floor is None else floor.bound()))
    return section(words["summary"], table(head, rows))


def _signed(better: str, bound: float | None) -> str | None:
    return None if bound is None else f"{'≥' if better == HIGHER else '≤'} {bound:g}"


def labelled_corpora(metrics: Mapping[str, Any], words: Words) -> str:
    """Return the table of the corpora that have labels."""
    head = [words[k] for k in ("corpus", "attribute", "comments", "positive")]
    head += ["AUC", "macro-F1", *(words[k] for k in ("best", "precision", "recall"))]
    keys = ("attribute", "comments", "positives", "auc", "macro_f1", "best_macro_f1", "precision",
            "recall")  # fmt: skip
    rows = [
        (name, *(figures[key] for key in keys))
        for name, figures in metrics["corpora"].items()
        if "auc" in figures
    ]
    # Of a toy there is no other.
    apart = len(rows) > 1 and any(name == _OWN for name, *_ in rows)
    mean = words["mean_auc_of_others" if apart else "mean_auc"].format(mean=metrics["mean_auc"])
    return section(words["labelled"], words["labelled_about"], table(head, rows), mean)


def unlabelled_corpora(metrics: Mapping[str, Any], words: Words) -> str:
    """Return the table of the corpora of which nobody said which comments are abusive."""
    at_recall = metrics.get("published_at_recall", {})
    rows = [
        (name, figures["comments"], figures["held_back"],
         *(shares[name] for shares in at_recall.values()))
        for name, figures in metrics["corpora"].items()
        if "auc" not in figures
    ]  # fmt: skip
    if not rows:
        return ""
    head = [words[k] for k in ("corpus", "comments", "held")]
    head += [words["at_recall"].format(recall=recall) for recall in at_recall]
    return section(words["unlabelled"], words["unlabelled_about"], table(head, rows))


def calibration(metrics: Mapping[str, Any], words: Words, *, plot: str | None = None) -> str:
    """Return how far scores are from shares, attribute by attribute; `plot` names a picture."""
    rows = [
        (name, metrics["calibration_error"][name], *_tenths(bins))
        for name, bins in metrics["reliability"].items()
    ]
    tenths = (f"{i / 10:.1f}-{(i + 1) / 10:.1f}" for i in range(10))
    head = [words["attribute"], words["error"], *tenths]
    picture = f"![{words['reliability']}]({plot})" if plot else ""
    return section(words["calibration"], words["calibration_about"], picture, table(head, rows))


def _tenths(bins: Sequence[Mapping[str, float]]) -> list[str | None]:
    cells: list[str | None] = [None] * 10
    for each in bins:
        place = min(int(each["score"] * 10), 9)
        cells[place] = f"{each['score']:.2f}: {each['share']:.2f} ({each['comments']})"
    return cells
