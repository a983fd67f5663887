"""Measures Ghirbal beside its peers in one run; writes reports/speed.json, .md and .svg."""

import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

# Before NumPy is imported anywhere: its libraries read these once, and children inherit them.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import click  # noqa: E402
from archive import measure_archive, measure_bandwidth  # noqa: E402
from peers import fit_baseline, peer_python  # noqa: E402
from report import compare, draw, table  # noqa: E402
from texts import ROOT, adversarial, make_comments  # noqa: E402

from moderation import __version__  # noqa: E402
from moderation.library import native  # noqa: E402
from moderation.model import newest_model  # noqa: E402

SUBJECT = Path(__file__).with_name("subject.py")
BASELINE = Path(__file__).with_name("baseline.json")
REPORTS = ROOT / "reports"
ROUNDS = 3
SINGLE = 500
BATCH = 20_000
LENGTHS = (1, 10, 100, 1_000)
SIZES = (1, 10, 100, 1_000, 10_000, 100_000)


def ask(python: str, name: str, mode: str, request: dict[str, Any]) -> dict[str, Any]:
    """Let a process of its own measure one subject, on one core."""
    environment = os.environ | {"BENCH_STARTED_AT": str(time.time()), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(  # noqa: S603 - our own script
        [python, str(SUBJECT), name, mode],
        input=json.dumps(request),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))}),
    )
    answer: dict[str, Any] = json.loads(run.stdout)
    return answer


def request_for(name: str, model: str) -> dict[str, Any]:
    """Return what a subject is measured on: the slow ones get fewer comments, not easier ones."""
    fast = name == "ghirbal"
    batch = make_comments(max(SIZES) if fast else BATCH // 10)
    nasty = adversarial()
    return {
        "model": model,
        "short": make_comments(SINGLE, characters=20),
        "usual": make_comments(SINGLE),
        "long": make_comments(SINGLE if fast else SINGLE // 5, characters=2_000),
        "batch": batch,
        "sizes": [size for size in SIZES if size <= len(batch)],
        "lengths": {str(n): make_comments(1, characters=20 * n)[0] for n in LENGTHS},
        "adversarial": nasty if fast else dict(list(nasty.items())[:4]),
        "repeats": 20 if fast else 3,
    }


def measure(name: str, python: str, model: str) -> dict[str, Any]:
    """Measure one subject in all ways."""
    small = {"model": model}
    start = min(ask(python, name, "start", small)["start_s"] for _ in range(2 * ROUNDS))
    memory = ask(python, name, "memory", small)
    return {"start_s": start, **memory, **ask(python, name, "speed", request_for(name, model))}


def subjects(folder: Path) -> dict[str, tuple[str, str]]:
    """Return the Python and the model of each scorer that can be measured here."""
    found = {"ghirbal": (sys.executable, "")}
    peer = peer_python(ROOT / "build" / "peer")
    if peer is not None:
        found["arabic-toxic"] = str(peer), ""
    model = folder / "baseline.joblib"
    fit_baseline(model)
    found["scikit-learn"] = sys.executable, str(model)
    return found


def folder_size_mb(path: Path) -> float:
    """Return the size of the files in a folder, or of one file."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


@click.command()
@click.option("--check", is_flag=True, help="Fail where a ratio is 20 % worse than the stored one.")
@click.option(
    "--store", is_flag=True, help="Store the ratios of this run for later checks, and the picture."
)
@click.option("--comments", default=400_000, help="How many comments the archive has.")
def main(*, check: bool, store: bool, comments: int) -> None:
    """Measure, print the tables and write the report."""
    if native() is None:
        raise click.ClickException("the compiled library is missing: install with a C compiler")
    with TemporaryDirectory() as name:
        folder = Path(name)
        results = {each: measure(each, *how) for each, how in subjects(folder).items()}
        results["scikit-learn"]["model_mb"] = folder_size_mb(folder / "baseline.joblib")
        results["ghirbal"]["model_mb"] = folder_size_mb(newest_model())
        archive = measure_archive(folder, comments)
    report = {
        "version": __version__,
        "model": newest_model().name,
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load": [round(each, 1) for each in os.getloadavg()],
        "bandwidth_gb_per_s": measure_bandwidth(),
        "subjects": results,
        "archive": archive,
    }
    REPORTS.mkdir(exist_ok=True)
    (REPORTS / "speed.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")
    (REPORTS / "speed.md").write_text(table(report), encoding="utf-8")
    draw(report, REPORTS / "speed.svg")
    click.echo(table(report))
    click.echo("written to reports/speed.json, speed.md and speed.svg")
    if store:
        draw(report, ROOT / "docs" / "speed.svg")
    if check or store:
        lines, failed = compare(report, BASELINE, store=store)
        click.echo("\n".join(lines))
        sys.exit(failed)


if __name__ == "__main__":
    main()
