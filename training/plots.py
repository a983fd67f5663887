"""Draws the figures of a model as SVG; the only module that imports Matplotlib, and only in use."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from sklearn.metrics import precision_recall_curve

from moderation import ATTRIBUTES
from training.evaluate import Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RELIABILITY: Final = "reliability.svg"
_GREY: Final = "0.6"
_POINTS: Final = 200  # of a curve: more cannot be seen


class PlotsMissingError(RuntimeError):
    """Matplotlib is not installed."""


def draw_all(
    folder: Path, report: Mapping[str, Any], scored: Scored | None, names: Mapping[str, str]
) -> list[Path]:
    """Draw whatever a report has figures for.

    Parameters
    ----------
    folder : Path
        Where to write.
    report : mapping
        From `training.report.measure`, with its rows.
    scored : Scored or None
        The scores behind it.
    names : mapping of str to str
        What to call each identity.

    Raises
    ------
    PlotsMissingError
        If Matplotlib is not installed.
    """
    paths = [draw_identities(folder / "identities.svg", report["suites"]["identities"], names)]
    if scored is not None:
        paths += [
            draw_precision_recall(folder / "precision_recall.svg", scored),
            draw_reliability(folder / RELIABILITY, report["reliability"]),
            draw_distributions(folder / "distributions.svg", scored),
        ]
    return paths


def draw_precision_recall(path: Path, scored: Scored) -> Path:
    """Draw precision over recall of every attribute on the dev splits."""

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for name in ATTRIBUTES:
            y, scores = scored.labelled(name)
            if y.any():
                precision, recall, _ = precision_recall_curve(y, scores)
                wanted = np.linspace(-1, 0, _POINTS)
                rows = np.unique(np.searchsorted(-recall, wanted).clip(max=recall.size - 1))
                label = f"{name} ({y.sum():,} of {y.size:,})"
                axes.plot(recall[rows], precision[rows], label=label)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
        axes.set_title("Precision and recall on the labelled comments of the dev splits")
        axes.legend(loc="lower left")

    return _save(path, (7, 5), draw)


def draw_reliability(path: Path, reliability: Mapping[str, Any]) -> Path:
    """Draw, attribute by attribute, the share that shows it over the mean score."""

    def draw(figure: "Figure") -> None:
        all_axes = figure.subplots(2, 3, sharex=True, sharey=True).ravel().tolist()
        for axes, name in zip(all_axes, ATTRIBUTES, strict=True):
            bins = reliability.get(name, [])
            axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1)
            axes.plot([b["score"] for b in bins], [b["share"] for b in bins], "o")
            axes.set_title(name)
        figure.supxlabel("mean score")
        figure.supylabel("share that shows the attribute")

    return _save(path, (7, 4.6), draw)


def draw_distributions(path: Path, scored: Scored) -> Path:
    """Draw how the scores for ``abusive`` are spread in every corpus, by label."""
    dev = scored.dev
    groups: list[tuple[str, Any, str]] = []
    for name in sorted(set(dev.corpus.tolist()), reverse=True):
        for label, colour, ending in ((1, "C3", " +"), (0, "C0", " -"), (-1, _GREY, "")):
            rows = scored.rows(name) & (dev.measured == label)
            if rows.any():
                groups.append((f"{name}{ending}", scored.scores[rows, 0], colour))

    def draw(figure: "Figure") -> None:
        axes = figure.add_subplot()
        for place, (_, scores, colour) in enumerate(groups):
            low, first, middle, third, high = np.quantile(scores, (0.05, 0.25, 0.5, 0.75, 0.95))
            axes.plot((low, high), (place, place), color=colour, linewidth=1)
            axes.plot((first, third), (place, place), color=colour, linewidth=5)
            axes.plot(middle, place, "|", color="black", markersize=8)
        axes.set_yticks(range(len(groups)), [name for name, _, _ in groups], fontsize=7)
        axes.set(xlabel="score for abusive: median, half and nine tenths of the comments",
                 xlim=(0, 1), ylim=(-1, len(groups)))  # fmt: skip
        axes.set_title("Scores by corpus; + labelled positive, - negative, grey without label")

    return _save(path, (8, 1 + 0.17 * len(groups)), draw)


def draw_identities(path: Path, figures: Mapping[str, Any], names: Mapping[str, str]) -> Path:
    """Draw how often neutral words about each identity are flagged and hateful ones caught."""
    neutral = figures["neutral"]["by_identity"]
    hateful = figures["hateful"]["by_identity"]
    order = sorted(neutral, reverse=True)

    def draw(figure: "Figure") -> None:
        left, right = figure.subplots(1, 2, sharey=True)
        places = range(len(order))
        _bars(left, [neutral[each]["flagged"] for each in order], "C3", "neutral words: flagged")
        caught = [hateful[each]["caught"] if each in hateful else 0 for each in order]
        _bars(right, caught, "C0", "hateful words: caught")
        labels = [f"{names.get(each, '')} {each.removeprefix('identity-')}" for each in order]
        left.set_yticks(places, labels, fontsize=7)
        left.set_ylim(-1, len(order))

    return _save(path, (8, 1 + 0.16 * len(order)), draw)


def _bars(axes: "Axes", shares: list[float], colour: str, title: str) -> None:
    axes.barh(range(len(shares)), shares, color=colour, height=0.7)
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.set_title(title)


def _save(path: Path, size: tuple[float, float], draw: Callable[["Figure"], None]) -> Path:
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlotsMissingError("no plots: pip install 'ghirbal[plots]'") from error
    # Text as text: browsers join Arabic letters. No date and no random ids: same data, same bytes.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ghirbal"}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(path, format="svg", metadata={"Date": None})
    return path
