"""Killed at any moment, service and worker go on with all that was acknowledged, and tell of it.

`make test-kills` kills each of them fifty times on each database.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections import defaultdict

import pytest
from receiving import Receiver
from service_samples import APPROVED
from serving import COMMAND, Served, environment, wait_for
from sqlalchemy import text

from service.database import open_engine, writing
from service.keys import Scope, add_key
from service.outbox import EVENTS
from service.tables import DEFAULT_SITE
from service.webhooks import add_webhook

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("KILLS", "6"))
CLIENTS = 3
_CUT_OFF = text("UPDATE outbox SET leased_until = NULL, due_at = created_at")


@pytest.fixture
def engine(any_database_url):
    engine = open_engine(any_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def key(engine):
    with writing(engine) as connection:
        return add_key(connection, "site", [Scope.INGEST, Scope.READ])


@pytest.fixture
def receiver(engine):
    receiver = Receiver()
    with writing(engine) as connection:
        url = receiver.url()
        add_webhook(connection, url, events=EVENTS, secret="s", site_id=DEFAULT_SITE)
    yield receiver
    receiver.close()


@pytest.fixture
def served(any_database_url):
    served = Served(any_database_url, "--workers", "2")
    yield served
    served.close()


class Worker:
    """`ghirbal worker`, which is killed and started again."""

    def __init__(self, database_url):
        private = {"GHIRBAL_WEBHOOK_PRIVATE_ADDRESSES": "true"}
        self.environment = environment(database_url) | private
        self.process = None

    def start(self):
        # What a receiver did not answer is told there; here nobody listens.
        self.process = subprocess.Popen(
            [*COMMAND, "worker"], env=self.environment, stderr=subprocess.DEVNULL
        )

    def end(self, sign):
        self.process.send_signal(sign)
        return self.process.wait(timeout=60)


@pytest.fixture
def worker(any_database_url):
    worker = Worker(any_database_url)
    yield worker
    worker.process.kill()
    worker.process.wait()


class Site:
    """Posts comments and edits them until stopped, and remembers what was acknowledged."""

    def __init__(self, served, key):
        self.served = served
        self.headers = {"Authorization": f"Bearer {key}"}
        self.acknowledged = {}
        self.stopped = threading.Event()

    def post_until_stopped(self, client, turn):
        number = 0
        while not self.stopped.is_set():
            name = f"{turn}-{client}-{number}"
            for body in (f"{APPROVED} {name}", f"{APPROVED} {name} جدا"):
                comment = {"id": name, "text": body}
                status, _ = self.served.ask("POST", "/v1/comments", comment, **self.headers)
                if status in {200, 201}:
                    self.acknowledged[name] = body
            number += 1


def under_load(served, key, turn):
    """Let sites post until the service is killed in the middle, and return what it acknowledged."""
    site = Site(served, key)
    threads = [
        threading.Thread(target=site.post_until_stopped, args=(client, turn))
        for client in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    yield wait_for(lambda: site.acknowledged, "no comment was acknowledged")
    # The main process alone, as the kernel does when memory is short; or all at once.
    (served.kill_main if turn % 2 else served.kill_group)()
    site.stopped.set()
    for thread in threads:
        thread.join()
    yield site.acknowledged


def test_nothing_acknowledged_is_lost_and_all_is_told_in_order(
    served, worker, key, receiver, engine
):
    seed = random.Random(20261123)  # noqa: S311 - moments, not secrets
    acknowledged = {}
    for turn in range(KILLS):
        served.start()
        worker.start()
        loaded = under_load(served, key, turn)
        next(loaded)
        time.sleep(seed.uniform(0, 0.4))
        worker.end(signal.SIGKILL)
        time.sleep(seed.uniform(0, 0.2))
        acknowledged |= next(loaded)
    # In place of the minute after which what a killed worker had taken is sent again.
    with writing(engine) as connection:
        connection.execute(_CUT_OFF)
    worker.start()
    decided = read(
        engine,
        "SELECT external_id, decision.id FROM decision JOIN comment"
        " ON comment.id = decision.comment_id",
    )
    wait_for(lambda: told(receiver) >= decided, "events were lost", timeout_s=60 + 10 * KILLS)
    assert worker.end(signal.SIGTERM) == 0
    assert_whole(engine, acknowledged)
    assert_in_order(receiver)


def read(engine, query):
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(text(query))}


def told(receiver):
    return {(each["comment"], each["decision"]) for each in list(receiver.got)}


def assert_whole(engine, acknowledged):
    current = read(
        engine,
        "SELECT external_id, text FROM comment JOIN revision"
        " ON revision.comment_id = comment.id AND revision.number = comment.revision",
    )
    kept = dict(current)
    lost = {name for name, body in acknowledged.items() if not kept.get(name, "").startswith(body)}
    assert not lost
    # No text without its score and decision either, and no comment without a text.
    for table in ("score", "decision"):
        revisions = read(engine, f"SELECT comment_id, revision FROM {table}")  # noqa: S608
        assert revisions == read(engine, "SELECT comment_id, number FROM revision")
    assert len(current) == len(read(engine, "SELECT id FROM comment"))
    if engine.dialect.name == "sqlite":
        assert read(engine, "PRAGMA integrity_check") == {("ok",)}


def assert_in_order(receiver):
    decisions = defaultdict(list)
    for each in receiver.got:
        decisions[each["comment"]].append(each["decision"])
    # Some come twice, none after a later one was taken.
    assert [name for name, numbers in decisions.items() if numbers != sorted(numbers)] == []
