"""Measures how many comments a second are scored, decided on and safely stored, over HTTP.

Server, database and load generator share the machine. Every comment is new, with an author, an
article and a time; one counts when the answer has come, which is after the commit.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from http_load import Load, free_port, wire
from postgres import postgres
from sqlalchemy import func, select

from service.database import open_engine, upgrade, writing
from service.keys import Scope, add_key
from service.tables import Comment

ROOT = Path(__file__).parents[1]
ORDINARY = Path(__file__).with_name("ordinary.txt").read_text(encoding="utf-8").splitlines()
WORKERS = 2
# (what is measured, comments a request, connections)
KINDS = (("one a request", 1, 16), ("batches of 20", 20, 16), ("batches of 100", 100, 8))


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Yield the address of a database file."""
    yield f"sqlite:///{folder}/ghirbal.sqlite3"


DATABASES = {"sqlite": sqlite, "postgresql": postgres}


def comments(first: int) -> Iterator[dict[str, object]]:
    """Yield comments as a site sends them, no two alike."""
    began = datetime(2026, 11, 1, tzinfo=UTC)
    for number in count(first):
        article = number % 500
        yield {
            "id": f"c-{number}",
            "text": f"{ORDINARY[number % len(ORDINARY)]} {number}",
            "author": {"id": f"u-{number * 31 % 5_003}", "name": f"reader {number % 5_003}"},
            "article": {
                "id": f"a-{article}",
                "title": f"article {article}",
                "url": f"https://site.example/a/{article}",
                "section": f"section {article % 10}",
            },
            "created_at": (began + timedelta(seconds=number)).isoformat(),
        }


def requests(key: str, *, first: int, size: int, total: int) -> Iterator[bytes]:
    """Return requests of `size` comments each, written beforehand."""
    source, made = comments(first), []
    for _ in range(total // size):
        batch = [next(source) for _ in range(size)]
        made.append(wire("/v1/comments", batch[0] if size == 1 else {"comments": batch}, key))
    return iter(made)


@contextmanager
def serving(url: str) -> Iterator[int]:
    """Run the service as an operator does and yield its port."""
    port = free_port()
    environment = os.environ | {"GHIRBAL_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
    options = ["--port", str(port), "--workers", str(WORKERS)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "service.cli", "serve", *options],
        env=environment,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdout.readline()
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


def stored(url: str) -> int:
    """Return how many comments are in the database."""
    engine = open_engine(url)
    with engine.connect() as connection:
        number = connection.scalar(select(func.count()).select_from(Comment)) or 0
    engine.dispose()
    return number


def measure(url: str, *, seconds: float) -> dict[str, dict[str, float]]:
    """Send comments in each kind of request, and look whether all that was answered is there."""
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        key = add_key(connection, "bench", [Scope.INGEST])
    engine.dispose()
    figures, acknowledged = {}, 0
    with serving(url) as port:
        for turn, (name, size, connections) in enumerate(KINDS):
            # The first requests of a worker open connections and compile statements.
            for part, lasting in enumerate((1.0, seconds)):
                first = (2 * turn + part) * 1_000_000
                total = int(lasting * 10_000)
                load = Load(
                    requests(key, first=first, size=size, total=total),
                    seconds=lasting,
                    connections=connections,
                    expected=frozenset({200, 201}),
                )
                began = time.perf_counter()
                asyncio.run(load.run(port))
                took = time.perf_counter() - began
                acknowledged += len(load.latencies) * size
            figures[name] = {
                "comments_per_s": round(len(load.latencies) * size / took),
                "p50_ms": round(statistics.median(load.latencies) * 1_000, 1),
                "p95_ms": round(statistics.quantiles(load.latencies, n=20)[-1] * 1_000, 1),
            }
    found = stored(url)
    if found < acknowledged:
        raise SystemExit(f"{acknowledged} comments were acknowledged, {found} are there")
    return figures


def main() -> None:
    """Measure each database; print and write a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--output", type=Path, default=Path("reports/ingest.json"))
    options = parser.parse_args()
    report: dict[str, object] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
    }
    for name in options.databases.split(","):
        with tempfile.TemporaryDirectory() as folder, DATABASES[name](Path(folder)) as url:
            report[name] = measure(url, seconds=options.seconds)
        print(name, json.dumps(report[name], indent=2), flush=True)  # noqa: T201 - what it is for
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
