"""Whole files through `ghirbal score`: rates on one core and on all, and memory."""

import gzip
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np
import psutil
from texts import ROOT, make_comments

_DISTINCT = 50_000
_LOOK_EVERY_S = 1  # to look keeps the processes waiting that are measured
_STARTS = 3
_TEN_MILLION = 10_000_000
_MOST_S = 180  # for ten million on two cores
_MOST_MB = 500


def write_archive(path: Path, count: int) -> None:
    """Write comments as gzipped JSON lines, some more than once if there are very many."""
    comments = make_comments(min(count, _DISTINCT))
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as file:
        for number in range(count):
            row = {"id": str(number), "text": comments[number % len(comments)]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def run_command(*options: str, cores: int) -> tuple[float, float]:
    """Return how long the command took, and the memory of all its processes at most, in MB."""
    command = [sys.executable, "-m", "service.cli", "score", *options]
    allowed = sorted(os.sched_getaffinity(0))[-cores:]
    start = time.perf_counter()
    process = psutil.Popen(
        command, cwd=ROOT, preexec_fn=lambda: os.sched_setaffinity(0, set(allowed))
    )
    most = 0
    code = None
    while code is None:
        try:
            code = process.wait(_LOOK_EVERY_S)
        except psutil.TimeoutExpired:
            most = max(most, _memory_bytes(process))
    took_s = time.perf_counter() - start
    if code:
        raise RuntimeError(f"ghirbal score ended with {code}")
    return took_s, most / 1e6


def _memory_bytes(process: psutil.Popen) -> int:
    total = 0
    try:
        for each in [process, *process.children(recursive=True)]:
            # Shared pages are counted once for each process that has them.
            total += each.memory_full_info().pss
    except psutil.Error:
        pass
    return total


def measure_archive(folder: Path, count: int) -> dict[str, float]:
    """Score one archive on one core and on two."""
    few, many, out = folder / "few.jsonl.gz", folder / "many.jsonl.gz", folder / "out.jsonl"
    write_archive(few, 10)
    write_archive(many, count)
    result: dict[str, float] = {"comments": count}
    for cores in range(1, min(2, len(os.sched_getaffinity(0))) + 1):
        options = ("--jobs", str(cores), "--output", str(out))
        start_s = min(run_command(str(few), *options, cores=cores)[0] for _ in range(_STARTS))
        took_s, memory_mb = run_command(str(many), *options, cores=cores)
        result[f"cores_{cores}_s"] = took_s
        result[f"cores_{cores}_per_s"] = (count - 10) / (took_s - start_s)
        result[f"cores_{cores}_memory_mb"] = memory_mb
    return result


def measure_bandwidth() -> float:
    """Return how many GB a second one core copies: the physical limit."""
    source = np.ones(64 << 20, dtype=np.uint8)
    target = np.zeros_like(source)
    times = []
    for _ in range(10):
        start = time.perf_counter()
        np.copyto(target, source)
        times.append(time.perf_counter() - start)
    return 2 * source.nbytes / min(times) / 1e9


@click.command()
@click.option("--comments", default=10_000_000, help="How many comments the archive has.")
def main(*, comments: int) -> None:
    """Score a gzipped archive on one core and on two; fail above 3 minutes or 500 MB on two."""
    with TemporaryDirectory() as name:
        found = measure_archive(Path(name), comments)
    for cores in (1, 2):
        if f"cores_{cores}_s" in found:
            click.echo(
                f"{comments:,} comments on {cores}: {found[f'cores_{cores}_s']:.1f} s, "
                f"{found[f'cores_{cores}_per_s']:,.0f} a second, "
                f"{found[f'cores_{cores}_memory_mb']:.0f} MB"
            )
    if "cores_2_s" in found:
        click.echo(f"two over one: {found['cores_2_per_s'] / found['cores_1_per_s']:.2f}")
        seconds = _TEN_MILLION / found["cores_2_per_s"]
        sys.exit(seconds > _MOST_S or found["cores_2_memory_mb"] > _MOST_MB)


if __name__ == "__main__":
    main()
