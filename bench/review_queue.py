"""Measures the review queue with twenty moderators at work; run by `make bench-queue`."""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from desks import at_once, page
from newsroom import fill
from postgres import postgres
from sqlalchemy import Engine, select

from service.claims import visible_to
from service.database import open_engine, upgrade
from service.moderators import Person, Role
from service.queue import read_page
from service.schema import QueueQuery
from service.tables import Comment


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """Yield the address of a database file."""
    yield f"sqlite:///{folder}/ghirbal.sqlite3"


DATABASES = {"sqlite": sqlite, "postgresql": postgres}


@contextmanager
def _place(keep: Path | None, name: str) -> Iterator[Path]:
    """Yield the folder of a database, which goes afterwards unless it is to be kept."""
    if keep is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    else:
        folder = keep / name
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


def alone(engine: Engine) -> dict[str, float]:
    """Return the median time of the first page and of one in the middle, in milliseconds."""
    person = Person(0, "m", "m", Role.MODERATOR, 1, {})
    with engine.connect() as connection:
        following = None
        for _ in range(20):
            query = QueueQuery(after=following)
            _, following = read_page(connection, query, visible=visible_to(person))
    times: dict[str, list[float]] = {"first page": [], "page 21": []}
    for _ in range(20):
        for name, query in zip(times, (QueueQuery(), QueueQuery(after=following)), strict=True):
            began = time.perf_counter()
            page(engine, person, query)
            times[name].append(time.perf_counter() - began)
    return {name: round(statistics.median(each) * 1_000, 2) for name, each in times.items()}


def measure(url: str, *, total: int, waiting: int, seconds: float) -> dict[str, object]:
    """Fill a database, unless it is filled already, and measure it."""
    engine = open_engine(url)
    upgrade(engine)
    began = time.perf_counter()
    with engine.connect() as connection:
        empty = connection.scalar(select(Comment.id).limit(1)) is None
    if empty:
        fill(engine, total=total, waiting=waiting)
    filled_s = time.perf_counter() - began
    flat = alone(engine)
    engine.dispose()
    times = at_once(url, seconds) if seconds else {}
    return {
        "comments": total,
        "in_review": waiting,
        "filled_s": round(filled_s) if empty else None,
        "alone_ms": flat,
        "twenty_at_once_ms": {
            name: {
                "n": len(each),
                "p50": round(statistics.median(each) * 1_000, 1),
                "p95": round(statistics.quantiles(each, n=20)[-1] * 1_000, 1),
                "max": round(max(each) * 1_000, 1),
            }
            for name, each in times.items()
        },
    }


def main() -> None:
    """Measure each database at each size; print and write a report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--comments", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--output", type=Path, default=Path("reports/queue.json"))
    parser.add_argument("--keep", type=Path, help="keep the databases here and use them again")
    options = parser.parse_args()
    report: dict[str, object] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
    }
    for name in options.databases.split(","):
        for total in sorted({10_000, options.comments}):
            with (
                _place(options.keep, f"{name}-{total}") as folder,
                DATABASES[name](folder) as url,
            ):
                seconds = options.seconds if total == options.comments else 0
                waiting = min(100_000, total // 2)
                found = measure(url, total=total, waiting=waiting, seconds=seconds)
            report[f"{name} {total}"] = found
            print(name, json.dumps(found, indent=2), flush=True)  # noqa: T201 - what it is for
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
