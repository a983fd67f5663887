"""Killed at any moment, the service restarts with every comment that it had acknowledged."""

import random
import sqlite3
import threading
import time

import pytest
from service_samples import APPROVED
from serving import Served, wait_for

from service.database import open_engine, writing
from service.keys import Scope, add_key

pytestmark = pytest.mark.slow

KILLS = 6
CLIENTS = 3


@pytest.fixture
def key(sqlite_url):
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        key = add_key(connection, "site", [Scope.INGEST, Scope.READ])
    engine.dispose()
    return key


@pytest.fixture
def served(sqlite_url):
    served = Served(sqlite_url, "--workers", "2")
    yield served
    served.close()


class Site:
    """Posts comments until stopped, and remembers which were acknowledged."""

    def __init__(self, served, key):
        self.served = served
        self.headers = {"Authorization": f"Bearer {key}"}
        self.acknowledged = []
        self.stopped = threading.Event()

    def post_until_stopped(self, client, turn):
        number = 0
        while not self.stopped.is_set():
            name = f"{turn}-{client}-{number}"
            comment = {"id": name, "text": f"{APPROVED} {name}"}
            status, _ = self.served.ask("POST", "/v1/comments", comment, **self.headers)
            if status == 201:
                self.acknowledged.append(name)
            number += 1


def test_no_acknowledged_comment_is_lost(served, key, sqlite_url):
    seed = random.Random(20261123)  # noqa: S311 - moments, not secrets
    everything = []
    for turn in range(KILLS):
        served.start()
        site = Site(served, key)
        threads = [
            threading.Thread(target=site.post_until_stopped, args=(client, turn))
            for client in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        wait_for(lambda site=site: site.acknowledged, "no comment was acknowledged")
        time.sleep(seed.uniform(0, 0.6))
        # The main process alone, as the kernel does when memory is short; or all at once.
        (served.kill_main if turn % 2 else served.kill_group)()
        site.stopped.set()
        for thread in threads:
            thread.join()
        everything += site.acknowledged

    served.start()
    headers = {"Authorization": f"Bearer {key}"}
    last = everything[-1]
    status, comment = served.ask("GET", f"/v1/comments/{last}", **headers)
    assert (status, comment["text"]) == (200, f"{APPROVED} {last}")
    served.stop()
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        whole = connection.execute(
            "SELECT external_id FROM comment JOIN revision ON revision.comment_id = comment.id"
            " JOIN decision ON decision.comment_id = comment.id"
            " JOIN score ON score.comment_id = comment.id"
        ).fetchall()
        count = connection.execute("SELECT count(*) FROM comment").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert set(everything) <= {name for (name,) in whole}
    # No comment without its text, score and decision either.
    assert count == (len(whole),)
