"""Tables and a picture of what was measured, and ratios held to those of an earlier run."""

import json
from pathlib import Path
from typing import Any

from texts import BYTES

TOLERANCE = 0.2
COLOURS = ("#1b7f5c", "#999999", "#bbbbbb")
PEERS = ("arabic-toxic", "scikit-learn")
TARGETS = {
    "batch over arabic-toxic": "≥ 20",
    "one comment over arabic-toxic": "≥ 15",
    "two cores over one": "≥ 1.8",
    "ordinary bytes over the dearest": "≥ 1/3",
}


def ratios(report: dict[str, Any]) -> dict[str, float]:
    """Return what does not depend on the machine much; the more the better."""
    ours, found = report["subjects"]["ghirbal"], {}
    for peer in PEERS:
        if (theirs := report["subjects"].get(peer)) is None:
            continue
        rate = ours["batch_per_s"]["scores as array"] / theirs["batch_per_s"]["scores"]
        found[f"batch over {peer}"] = rate
        one = theirs["one_us"]["scores"]["usual"]["p50"] / ours["one_us"]["scores"]["usual"]["p50"]
        found[f"one comment over {peer}"] = one
        found[f"start over {peer}"] = theirs["start_s"] / ours["start_s"]
    archive = report["archive"]
    if "cores_2_per_s" in archive:
        found["two cores over one"] = archive["cores_2_per_s"] / archive["cores_1_per_s"]
    found["ordinary bytes over the dearest"] = 1 / max(_per_byte(ours).values())
    return found


def _per_byte(subject: dict[str, Any]) -> dict[str, float]:
    """Return the time per byte of each adversarial comment, as multiples of ordinary text's."""
    times = subject["adversarial_us"]
    return {kind: took / times["ordinary text"] for kind, took in times.items()}


def compare(report: dict[str, Any], path: Path, *, store: bool) -> tuple[list[str], int]:
    """Return what to print, and 1 if a ratio is worse than the stored one by more than a fifth."""
    found = ratios(report)
    if store:
        rounded = {name: float(f"{value:.3g}") for name, value in found.items()}
        path.write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
        return [f"stored in {path.name}"], 0
    lines, failed = [], 0
    for name, before in json.loads(path.read_text(encoding="utf-8")).items():
        now = found.get(name)
        if now is None:
            lines.append(f"skipped  {name}: not measured here")
            continue
        worse = now < before * (1 - TOLERANCE)
        failed |= worse
        lines.append(f"{'WORSE' if worse else 'ok':<8} {name}: {now:.2f}, stored {before:.2f}")
    return lines, failed


def _rows(title: str, heads: list[str], rows: list[list[str]]) -> list[str]:
    line = " | ".join(heads)
    rule = "|".join(["---"] + ["---:"] * (len(heads) - 1))
    return [f"**{title}**", "", f"| {line} |", f"|{rule}|"] + [
        f"| {' | '.join(row)} |" for row in rows
    ] + [""]  # fmt: skip


def _start(found: dict[str, Any]) -> list[str]:
    facts = {
        "process start to first score, s": ("start_s", 2),
        "memory above an interpreter with NumPy, MB": ("above_numpy_mb", 0),
        "memory in all, MB": ("in_all_mb", 0),
        "model, MB": ("model_mb", 1),
    }
    rows = [
        [fact, *(f"{each[key]:.{digits}f}" if key in each else "" for each in found.values())]
        for fact, (key, digits) in facts.items()
    ]
    return _rows("Start and memory", ["", *found], rows)


def _ways(found: dict[str, Any]) -> list[str]:
    ones, batches = [], []
    for name, each in found.items():
        for way, kinds in each["one_us"].items():
            times = [
                f"{kinds[kind]['p50']:,.1f} / {kinds[kind]['p99']:,.1f}" if kind in kinds else ""
                for kind in ("short", "usual", "long", "held")
            ]
            ones.append([f"{name}, {way}", *times])
            batches.append([f"{name}, {way}", f"{each['batch_per_s'][way]:,.0f}"])
    heads = ["", "20 characters", "100 characters", "2,000 characters", "100, held"]
    title = "Batches of 100 characters, list of str in, all attributes out"
    return _rows("One comment a call, µs (p50 / p99)", heads, ones) + _rows(
        title, ["", "comments/s"], batches
    )


def _growth(found: dict[str, Any]) -> list[str]:
    lines = []
    for key, title, head in (
        ("per_comment_us", "Cost against the batch, µs a comment", "batch"),
        ("length_us", "Cost against the length of 20 characters times so much, µs", "times"),
    ):
        lines += _rows(title, [head, *found], _by_name(found, {n: found[n][key] for n in found}, 1))
    title = f"Comments of {BYTES // 1000} KB made to cost much: time per byte over ordinary text's"
    return lines + _rows(
        title, ["", *found], _by_name(found, {n: _per_byte(found[n]) for n in found}, 2)
    )


def _by_name(
    found: dict[str, Any], values: dict[str, dict[str, float]], digits: int
) -> list[list[str]]:
    return [
        [step, *(f"{values[n][step]:,.{digits}f}" if step in values[n] else "" for n in found)]
        for step in values["ghirbal"]
    ]


def _archive(archive: dict[str, Any]) -> list[str]:
    rows = [
        [
            str(n),
            f"{archive[f'cores_{n}_per_s']:,.0f}",
            f"{archive[f'cores_{n}_s']:.1f}",
            f"{archive[f'cores_{n}_memory_mb']:.0f}",
        ]
        for n in (1, 2)
        if f"cores_{n}_s" in archive
    ]
    title = f"`ghirbal score` on {archive['comments']:,} comments, gzip"
    return _rows(title, ["cores", "comments/s", "s", "MB"], rows)


def table(report: dict[str, Any]) -> str:
    """Return all figures as Markdown."""
    found = report["subjects"]
    measured = [
        [name, f"{value:.2f}", TARGETS.get(name, "")] for name, value in ratios(report).items()
    ]
    return "\n".join(
        [
            f"Ghirbal {report['version']}, model {report['model']}, Python {report['python']}, "
            f"{report['machine']}, load {report['load'][0]}; one core unless said.",
            "",
            *_start(found),
            *_ways(found),
            *_growth(found),
            *_archive(report["archive"]),
            *_rows("Ratios", ["", "measured", "wanted"], measured),
        ]
    )


def draw(report: dict[str, Any], path: Path) -> None:
    """Draw rates, single times and growth beside those of the peers; nothing without matplotlib."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        return
    found = report["subjects"]
    figure = Figure(figsize=(9, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 2)
    rates = {n: max(each["batch_per_s"].values()) for n, each in found.items()}
    ones = {n: each["one_us"]["scores"]["usual"]["p50"] for n, each in found.items()}
    _bars(upper[0], rates, "comments a second, one core")
    _bars(upper[1], ones, "µs for one comment, median")
    _curves(lower[0], found, "length_us", "µs for one comment, by its characters", unit=20)
    _curves(lower[1], found, "per_comment_us", "µs a comment, by the size of the batch")
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "ghirbal"}):
        figure.savefig(path, metadata={"Date": None})


def _bars(axes: Any, values: dict[str, float], title: str) -> None:  # noqa: ANN401 - matplotlib's
    bars = axes.barh(list(values), list(values.values()), color=COLOURS)
    axes.bar_label(bars, labels=[f"{value:,.0f}" for value in values.values()], padding=3)
    axes.set_title(title, fontsize=10)
    axes.set_xscale("log")
    axes.margins(x=0.25)
    axes.invert_yaxis()


def _curves(axes: Any, found: dict[str, Any], key: str, title: str, *, unit: int = 1) -> None:  # noqa: ANN401 - as above
    for (name, each), colour in zip(found.items(), COLOURS, strict=False):
        steps = [unit * int(step) for step in each[key]]
        axes.plot(steps, list(each[key].values()), marker=".", color=colour, label=name)
    axes.set_title(title, fontsize=10)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(fontsize=8, frameon=False)
