"""Measures the review queue with twenty moderators at work; run by `make bench-queue`."""

import argparse
import json
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from newsroom import fill
from postgres import postgres
from sqlalchemy import Engine, insert

from service.claims import claim_next, count_visible, visible_to
from service.database import open_engine, upgrade, writing
from service.desk import Move, Wish, act
from service.dossier import read_dossier, read_lines
from service.moderators import Person, Role
from service.queue import count_matching, read_page
from service.schema import QueueQuery
from service.tables import Moderator

MODERATORS = 20
# A moderator decides far less often than once a second: all twenty together make twenty a second.
PAUSE_S = (0.5, 1.5)
FILTERS = (
    QueueQuery(),
    QueueQuery(section="section 7", order="oldest"),
    QueueQuery(attribute="threat", score_from=0.97, script="latin", order="uncertain"),
    QueueQuery(flagged=True, order="flagged"),
    QueueQuery(search="المدرسة الوزارة"),
    QueueQuery(author="u-31"),
    QueueQuery(article="article 77", script="latin"),
)
Times = dict[str, list[float]]
# As two workers with four threads each serve them.
_threads = threading.BoundedSemaphore(8)


@contextmanager
def sqlite() -> Iterator[str]:
    """Yield the address of a database file that goes afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/ghirbal.sqlite3"


DATABASES = {"sqlite": sqlite, "postgresql": postgres}


def add_people(engine: Engine) -> list[Person]:
    """Store accounts nobody can sign in to."""
    people = []
    for number in range(1, MODERATORS + 1):
        row = {
            "name": f"m{number}",
            "display_name": f"m{number}",
            "role": "moderator",
            "password_hash": "-",
            "password_version": 1,
            "active": True,
            "failed_sign_ins": 0,
            "preferences": {},
            "created_at": datetime.now(UTC),
        }
        with writing(engine) as connection:
            found = connection.execute(insert(Moderator).values(row).returning(Moderator.id))
            number = int(found.scalar_one())
        people.append(Person(number, row["name"], row["name"], Role.MODERATOR, 1, {}))
    return people


def timed(times: Times, name: str, step: Callable[[], object]) -> object:
    """Run a step and note how long it took, waiting for one of the service's threads included."""
    began = time.perf_counter()
    with _threads:
        result = step()
    times.setdefault(name, []).append(time.perf_counter() - began)
    return result


def page(engine: Engine, person: Person, query: QueueQuery) -> None:
    """Read a page of the list as the moderators' page does."""
    with engine.connect() as connection:
        rows, _ = read_page(connection, query, visible=visible_to(person))
        read_lines(connection, list(rows))


def counts(engine: Engine, person: Person, query: QueueQuery) -> None:
    """Count what waits and what a filter leaves."""
    with engine.connect() as connection:
        count_visible(connection, person)
        count_matching(connection, query, visible=visible_to(person))


def turn(engine: Engine, person: Person, random: Random, times: Times) -> None:
    """Do once what a moderator does all day."""
    number = timed(times, "next and claim", lambda: claim_next(engine, person))
    assert isinstance(number, int)  # noqa: S101 - the queue is longer than the measurement
    with engine.connect() as connection:
        timed(times, "read one", lambda c=connection, n=number: read_dossier(c, n))
    move = random.choice((Move.APPROVE, Move.REJECT))
    wish = Wish(number, 1, move, "spam" if move is Move.REJECT else None)
    refused = timed(times, "decide", lambda wish=wish: act(engine, person, wish))
    assert refused is None, refused  # noqa: S101 - nobody else holds it
    query = random.choice(FILTERS)
    timed(times, "counts", lambda query=query: counts(engine, person, query))
    timed(times, "filtered page", lambda query=query: page(engine, person, query))


def work(engine: Engine, person: Person, until: float) -> Times:
    """Take the next comment, read it, decide, look at the list, again and again."""
    random = Random(person.id)  # noqa: S311 - pauses, not secrets
    times: Times = {}
    turn(engine, person, random, {})
    time.sleep(random.uniform(0, PAUSE_S[1]))
    while time.monotonic() < until:
        turn(engine, person, random, times)
        time.sleep(random.uniform(*PAUSE_S))
    return times


def at_once(engine: Engine, seconds: float) -> Times:
    """Let all moderators work at the same time and put their times together."""
    together: Times = {}
    lock = threading.Lock()
    until = time.monotonic() + seconds

    def one(person: Person) -> None:
        times = work(engine, person, until)
        with lock:
            for name, values in times.items():
                together.setdefault(name, []).extend(values)

    threads = [threading.Thread(target=one, args=(person,)) for person in add_people(engine)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return together


def alone(engine: Engine) -> dict[str, float]:
    """Return the median time of the first page and of one in the middle, in milliseconds."""
    person = Person(0, "m", "m", Role.MODERATOR, 1, {})
    times: Times = {}
    with engine.connect() as connection:
        following = None
        for _ in range(20):
            query = QueueQuery(after=following)
            _, following = read_page(connection, query, visible=visible_to(person))
    for _ in range(20):
        timed(times, "first page", lambda: page(engine, person, QueueQuery()))
        timed(times, "page 21", lambda: page(engine, person, QueueQuery(after=following)))
    return {name: round(statistics.median(each) * 1_000, 2) for name, each in times.items()}


def measure(url: str, *, total: int, waiting: int, seconds: float) -> dict[str, object]:
    """Fill a database and measure it."""
    engine = open_engine(url)
    upgrade(engine)
    began = time.perf_counter()
    fill(engine, total=total, waiting=waiting)
    filled_s = time.perf_counter() - began
    flat = alone(engine)
    times = at_once(engine, seconds) if seconds else {}
    engine.dispose()
    return {
        "comments": total,
        "in_review": waiting,
        "filled_s": round(filled_s),
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
    options = parser.parse_args()
    report: dict[str, object] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
    }
    for name in options.databases.split(","):
        for total in sorted({10_000, options.comments}):
            with DATABASES[name]() as url:
                seconds = options.seconds if total == options.comments else 0
                waiting = min(100_000, total // 2)
                found = measure(url, total=total, waiting=waiting, seconds=seconds)
            report[f"{name} {total}"] = found
            print(name, json.dumps(found, indent=2), flush=True)  # noqa: T201 - what it is for
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
