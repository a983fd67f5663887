"""Twenty moderators work one queue at once, in two processes as the service has workers.

`make test-desks` has them work through ten thousand comments on each database.
"""

import multiprocessing
import os
import threading
from concurrent.futures import ProcessPoolExecutor

import pytest
from service_samples import SUSPECT
from sqlalchemy import text

from service.claims import claim_next
from service.database import open_engine
from service.desk import Move, Wish, act
from service.moderators import Role

pytestmark = pytest.mark.slow

QUEUE = int(os.environ.get("QUEUE", "300"))
MODERATORS = 20
PROCESSES = 2
_LEFT = text("SELECT count(*) FROM comment WHERE action = 'review'")


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def queue(site):
    for first in range(0, QUEUE, 1_000):
        numbers = range(first, min(first + 1_000, QUEUE))
        batch = [{"id": f"c-{number}", "text": f"{SUSPECT} {number}"} for number in numbers]
        assert site.post("/v1/comments", {"comments": batch}).status_code == 200
    return site


class Desk:
    """A moderator who decides until nothing is left."""

    def __init__(self, engine, person):
        self.engine = engine
        self.person = person
        self.decided = 0
        self.refused = []
        self.left_behind = None

    def work(self):
        while (number := claim_next(self.engine, self.person)) is not None:
            move = Move.APPROVE if number % 2 else Move.REJECT
            wish = Wish(number, 1, move, None if number % 2 else "spam")
            refusal = act(self.engine, self.person, wish)
            if refusal is None:
                self.decided += 1
            else:
                self.refused.append(refusal.value)
        with self.engine.connect() as connection:
            self.left_behind = connection.scalar(_LEFT)


def serve(url, people):
    engine = open_engine(url)
    desks = [Desk(engine, person) for person in people]
    threads = [threading.Thread(target=desk.work) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    return [(desk.decided, desk.refused, desk.left_behind) for desk in desks]


def test_every_comment_is_decided_exactly_once(queue, engine, person_for, database_url):
    people = [person_for(Role.MODERATOR) for _ in range(MODERATORS)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        parts = [people[first::PROCESSES] for first in range(PROCESSES)]
        worked = [
            each for part in pool.map(serve, [database_url] * PROCESSES, parts) for each in part
        ]
    assert [refused for _, refused, _ in worked if refused] == []
    assert sum(decided for decided, _, _ in worked) == QUEUE
    # Nobody stopped before all that was left was before somebody else.
    assert max(left for _, _, left in worked) < MODERATORS
    with engine.connect() as connection:
        once = text(
            "SELECT count(*), count(DISTINCT comment_id) FROM decision WHERE source = 'moderator'"
        )
        assert connection.execute(once).one() == (QUEUE, QUEUE)
        assert connection.scalar(_LEFT) == 0
        assert connection.scalar(text("SELECT count(*) FROM claim")) == 0
