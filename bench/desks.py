"""Twenty moderators at work, as two worker processes with four threads each serve them."""

import multiprocessing
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import Engine, insert, select

from service.claims import claim_next, count_visible, visible_to
from service.database import open_engine, writing
from service.desk import Move, Wish, act
from service.dossier import read_dossier, read_lines
from service.moderators import Person, Role
from service.queue import read_page
from service.schema import QueueQuery
from service.tables import Moderator
from service.web.histogram import count_shown, histogram

MODERATORS = 20
PROCESSES = 2
THREADS = 4
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


def at_once(url: str, seconds: float) -> Times:
    """Let all moderators work at the same time and put their times together."""
    engine = open_engine(url)
    people = _accounts(engine)
    engine.dispose()
    together: Times = {}
    # Started anew, as workers are: a forked process would share connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        parts = [people[first::PROCESSES] for first in range(PROCESSES)]
        for times in pool.map(_serve, [url] * PROCESSES, parts, [seconds] * PROCESSES):
            for name, values in times.items():
                together.setdefault(name, []).extend(values)
    return together


def _accounts(engine: Engine) -> list[Person]:
    """Return accounts that nobody can sign in to, made where there are none yet."""
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
        known = select(Moderator.id).where(Moderator.name == row["name"])
        with writing(engine) as connection:
            found = connection.scalar(known)
            if found is None:
                found = connection.scalar(insert(Moderator).values(row).returning(Moderator.id))
        people.append(Person(int(found or 0), row["name"], row["name"], Role.MODERATOR, 1, {}))
    return people


def _serve(url: str, people: list[Person], seconds: float) -> Times:
    """Be one worker process, and the moderators whose requests it answers."""
    engine, together = open_engine(url), Times()
    threads, lock = threading.BoundedSemaphore(THREADS), threading.Lock()
    until = time.monotonic() + seconds

    def one(person: Person) -> None:
        desk = _Desk(engine, person, threads)
        desk.work(until)
        with lock:
            for name, values in desk.times.items():
                together.setdefault(name, []).extend(values)

    moderators = [threading.Thread(target=one, args=(person,)) for person in people]
    for each in moderators:
        each.start()
    for each in moderators:
        each.join()
    engine.dispose()
    return together


class _Desk:
    """A moderator, and how long they waited for each answer."""

    def __init__(self, engine: Engine, person: Person, threads: threading.BoundedSemaphore) -> None:
        self.engine, self.person, self.threads = engine, person, threads
        self.random = random.Random(person.id)  # noqa: S311 - pauses, not secrets
        self.times: Times = {}

    def work(self, until: float) -> None:
        """Take the next comment, read it, decide, look at the list, again and again."""
        self._turn()
        # The first turn opens connections and compiles statements.
        self.times = {}
        time.sleep(self.random.uniform(0, PAUSE_S[1]))
        while time.monotonic() < until:
            self._turn()
            time.sleep(self.random.uniform(*PAUSE_S))

    def _turn(self) -> None:
        engine, person = self.engine, self.person
        number = self._timed("next and claim", lambda: claim_next(engine, person))
        assert isinstance(number, int)  # noqa: S101 - the queue is longer than the measurement
        self._timed("read one", lambda: _read_one(engine, number))
        move = self.random.choice((Move.APPROVE, Move.REJECT))
        wish = Wish(number, 1, move, "spam" if move is Move.REJECT else None)
        refused = self._timed("decide", lambda: act(engine, person, wish))
        assert refused is None, refused  # noqa: S101 - nobody else holds it
        query = self.random.choice(FILTERS)
        self._timed("counts", lambda: _counts(engine, person, query))
        self._timed("filtered page", lambda: page(engine, person, query))

    def _timed(self, name: str, step: Callable[[], object]) -> object:
        """Note how long a step took, waiting for one of the worker's threads included."""
        began = time.perf_counter()
        with self.threads:
            result = step()
        self.times.setdefault(name, []).append(time.perf_counter() - began)
        return result


def page(engine: Engine, person: Person, query: QueueQuery) -> None:
    """Read a page of the list as the moderators' page does."""
    with engine.connect() as connection:
        rows, _ = read_page(connection, query, visible=visible_to(person))
        read_lines(connection, list(rows))


def _read_one(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        read_dossier(connection, number)


def _counts(engine: Engine, person: Person, query: QueueQuery) -> None:
    """Count what waits, what a filter leaves if there is one, and how its scores are spread."""
    with engine.connect() as connection:
        count_visible(connection, person)
        visible = visible_to(person)
        bins = histogram(connection, query, visible=visible)
        count_shown(connection, query, bins, visible=visible)
