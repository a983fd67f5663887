"""Measures where the time of a comment goes, stage by stage; writes reports/stages.md and .json."""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"

import click  # noqa: E402
import numpy as np  # noqa: E402
import orjson  # noqa: E402
from archive import measure_bandwidth  # noqa: E402
from texts import ROOT, make_comments  # noqa: E402

# This folder has an http.py, which is not the one that Flask means.
sys.path[0] = str(ROOT)

from moderation import load_scorer  # noqa: E402
from moderation.compiled import CompiledModel, ModelArrays  # noqa: E402
from moderation.features import NO_GROUPS, FeatureSettings, hash_features  # noqa: E402
from moderation.library import native  # noqa: E402
from moderation.second_look import NO_EXPERTS, NO_NETWORKS  # noqa: E402
from moderation.text import canonicalise  # noqa: E402
from service import create_app  # noqa: E402
from service.database import open_engine, upgrade, writing  # noqa: E402
from service.judge import Judge  # noqa: E402
from service.keys import Scope, add_key  # noqa: E402

COUNT = 20_000
REQUESTS = 300
CACHE_LINE = 64


def us_each(
    run: Callable[[], object],
    count: int,
    *,
    rounds: int = 7,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Return microseconds for each of `count`, of the best of some rounds.

    These are of the processor, so that others on the machine count less; storing is timed by the
    wall clock, since it waits for the disk.
    """
    times = []
    for _ in range(rounds):
        start = clock()
        run()
        times.append(clock() - start)
    return min(times) / count * 1e6


def small_model(features: FeatureSettings) -> CompiledModel:
    """Return a model that fits into the first cache and knows nothing."""
    library = native()
    if library is None:
        raise click.ClickException("the compiled library is missing: install with a C compiler")
    one = np.ones(6, dtype=np.float32)
    records = np.zeros((1 << features.bits, 8), dtype=np.int8)
    term_weights = np.ones(8, np.float32)
    nothing = NO_GROUPS, NO_NETWORKS, NO_EXPERTS
    arrays = ModelArrays(records, term_weights, one, one, one, *nothing)
    return CompiledModel(library, arrays, features)


def measure_library(comments: list[str]) -> dict[str, float]:
    """Return the stages of the compiled path and of the objects around it."""
    scorer = load_scorer()
    library, compiled = native(), scorer.compiled()
    if library is None or compiled is None:
        raise click.ClickException("the compiled library is missing: install with a C compiler")
    n = len(comments)
    hashing = small_model(FeatureSettings(bits=10, ngrams=scorer.features.ngrams))
    read = us_each(lambda: library.read(comments), n)
    canonical = us_each(lambda: canonicalise(comments), n)
    hashed = us_each(lambda: hashing.score(comments), n)
    scored = us_each(lambda: compiled.score(comments), n)
    nothing = us_each(lambda: compiled.score([""] * n), n)
    plain = us_each(lambda: scorer.score(comments, spans=False), n)
    spans = us_each(lambda: scorer.score(comments, spans=True), n, rounds=3)
    judge = Judge(scorer, scorer.default_policy())
    judged = us_each(lambda: judge.judge(comments, spans=False), n, rounds=3)
    judgements = judge.judge(comments)
    written = us_each(lambda: [orjson.dumps(each.to_document()) for each in judgements], n)
    return {
        "reading code points": read,
        "canonical form": canonical - read,
        "hashing": hashed - canonical,
        "gathering": scored - hashed,
        "calibrating": nothing,
        "explaining": spans - plain,
        "objects": plain - scored,
        "deciding": judged - plain,
        "JSON": written,
    }


def measure_service(comments: list[str]) -> dict[str, float]:
    """Return what a request adds, without sockets, and what storing adds."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        engine = open_engine(url)
        upgrade(engine)
        with writing(engine) as connection:
            key = add_key(connection, "bench", [Scope.SCORE, Scope.INGEST])
        engine.dispose()
        client = create_app({"database_url": url}).test_client()
        headers = {"Authorization": f"Bearer {key}"}

        def send(path: str) -> None:
            for number, text in enumerate(comments):
                body: dict[str, Any] = {"id": f"{time.time_ns()}-{number}", "text": text}
                answer = client.post(path, json=body, headers=headers)
                if answer.status_code >= 300:
                    raise click.ClickException(
                        f"{path} answers {answer.status_code}: {answer.text}"
                    )

        wall = time.perf_counter
        scored = us_each(lambda: send("/v1/score"), len(comments), rounds=3, clock=wall)
        stored = us_each(lambda: send("/v1/comments"), len(comments), rounds=3, clock=wall)
    return {"HTTP": scored, "database": stored - scored}


def limits(comments: list[str], bandwidth_gb_per_s: float) -> dict[str, float]:
    """Return the least time that moving the bytes of a stage takes, in microseconds."""
    characters = sum(map(len, comments)) / len(comments)
    sample = comments[:2_000]
    views = hash_features(canonicalise(sample), load_scorer().features)
    features = sum(view.buckets.size for view in views) / len(sample)
    moved = {
        "reading code points": characters * (2 + 4),
        "canonical form": characters * 2 * (4 + 1 + 4),
        "hashing": characters * 4 + features * (4 + 4),
        "gathering": features * (4 + CACHE_LINE),
        "calibrating": 6 * (4 + 8),
        "JSON": 400,
    }
    return {stage: size / bandwidth_gb_per_s / 1e3 for stage, size in moved.items()}


@click.command()
def main() -> None:
    """Measure all stages and write the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    comments = make_comments(COUNT)
    bandwidth = measure_bandwidth()
    stages = measure_library(comments) | measure_service(comments[:REQUESTS])
    least = limits(comments, bandwidth)
    lines = [
        f"µs a comment of 100 characters, in batches of {COUNT:,}; HTTP and database one by one; "
        f"one core copies {bandwidth:.1f} GB/s; load {os.getloadavg()[0]:.1f}.",
        "",
        "| stage | µs | limit by bytes moved, µs |",
        "|---|---:|---:|",
    ]
    for stage, took in stages.items():
        limit = f"{least[stage]:.2f}" if stage in least else ""
        lines.append(f"| {stage} | {took:.2f} | {limit} |")
    reports = ROOT / "reports"
    reports.mkdir(exist_ok=True)
    (reports / "stages.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = {"bandwidth_gb_per_s": bandwidth, "stages_us": stages, "limits_us": least}
    (reports / "stages.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    click.echo("\n".join(lines))


if __name__ == "__main__":
    main()
