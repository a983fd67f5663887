"""The command that finds thresholds for what a newsroom asks for."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from moderation import ATTRIBUTES, Scorer, load_scorer
from training.operating_points import (
    CONFIDENCE,
    HeldOut,
    OperatingPoint,
    OperatingPointError,
    Share,
)


class _Range(click.FloatRange):
    """Numbers within bounds; click 8.5.1 lets "nan" pass."""

    def convert(
        self,
        value: Any,  # noqa: ANN401 - as click declares it
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        number = float(super().convert(value, param, ctx))
        if math.isnan(number):
            self.fail(f"{value} is not a number", param, ctx)
        return number


_SHARE: Final = _Range(0, 1, min_open=True)
_INSIDE: Final = _Range(0, 1, min_open=True, max_open=True)
_ROW: Final = "{:<14} {:>9}  {:<20}  {:<20}  {}"

Ask = Callable[[HeldOut], OperatingPoint]


@click.command("thresholds")
@click.option("--precision", type=_SHARE, help="At least this share of the comments in review "
              "show the attribute.")  # fmt: skip
@click.option("--recall", type=_SHARE, help="At least this share of the comments that show the "
              "attribute go to review.")  # fmt: skip
@click.option("--per-thousand", type=_Range(0, 1000, min_open=True, max_open=True),
              help="At most this many of 1,000 comments go to review.")  # fmt: skip
@click.option("--attribute", type=click.Choice(ATTRIBUTES), help="One attribute [all].")
@click.option("--positive-share", "share", type=_INSIDE, help="Share of your comments that show "
              "the attribute [as in the labelled corpora; newspapers get far less].")  # fmt: skip
@click.option("--model", "path", type=click.Path(path_type=Path, file_okay=False),
              help="Model folder [the shipped model].")  # fmt: skip
def thresholds_command(
    attribute: str | None,
    share: float | None,
    path: Path | None,
    **wanted: float | None,
) -> None:
    """Find the threshold for a precision, a recall or an amount of work.

    Answered from the model's manifest: it holds how many of the comments that were held out of
    fitting reach each threshold.
    """
    ask = _ask(wanted, share)
    scorer = load_scorer(path)
    held_out = read_held_out(scorer.manifest)
    click.echo(_heading(scorer, held_out, share))
    click.echo(_ROW.format("attribute", "threshold", "precision", "recall", "review rate"))
    missed = []
    for name in [attribute] if attribute else ATTRIBUTES:
        try:
            click.echo(_row(name, ask(held_out[name])))
        except OperatingPointError as error:
            missed.append(f"{name}: {error}")
    for line in missed:
        click.echo(line, err=True)
    if len(missed) == (1 if attribute else len(ATTRIBUTES)):
        raise click.exceptions.Exit(1)


def read_held_out(manifest: Mapping[str, Any]) -> dict[str, HeldOut]:
    """Return the held-out counts of a manifest, by attribute.

    Raises
    ------
    OperatingPointError
        If it has none, or they are damaged.
    """
    try:
        document = manifest["held_out"]
        return {
            name: HeldOut.from_document(document["thresholds"], document[name])
            for name in ATTRIBUTES
        }
    except OperatingPointError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise OperatingPointError(
            f"the manifest of model {manifest['version']} lacks the counts of held-out comments: "
            "fit the model again with this version"
        ) from error


def _ask(wanted: Mapping[str, float | None], share: float | None) -> Ask:
    given = {name: value for name, value in wanted.items() if value is not None}
    if len(given) != 1:
        raise click.UsageError("ask for one of --precision, --recall and --per-thousand")
    [(name, value)] = given.items()
    if name == "precision":
        return lambda counts: counts.at_precision(value, share=share)
    if name == "recall":
        return lambda counts: counts.at_recall(value, share=share)
    return lambda counts: counts.at_review_rate(value / 1000, share=share)


def _heading(scorer: Scorer, held_out: Mapping[str, HeldOut], share: float | None) -> str:
    counts = held_out["abusive"]
    labelled = max(int(each.positives[0] + each.negatives[0]) for each in held_out.values())
    among = f"as among the up to {labelled:,} labelled comments held out"
    mixed = (
        f"precision and recall {among}, review rate as among the {int(counts.published[0]):,} held "
        "out that newspapers published (others, so that the two cannot be multiplied)"
        if share is None
        else f"{among}, if {share:g} of the comments show the attribute"
    )
    return (
        f"Model {scorer.version}: {mixed}; in brackets the {CONFIDENCE:.0%} intervals (Wilson's"
        + (")." if share is None else ", both ends combined).")
    )


def _row(name: str, point: OperatingPoint) -> str:
    return _ROW.format(
        name,
        f"{point.threshold:.4f}",
        _shown(point.precision),
        _shown(point.recall),
        _shown(point.review_rate, digits=4),
    )


def _shown(share: Share, digits: int = 3) -> str:
    return f"{share.value:.{digits}f} ({share.low:.{digits}f}-{share.high:.{digits}f})"
