"""What the service says and does when its disk is full or its database gone, and afterwards."""

import os
import signal
import subprocess
import tempfile
from http.client import HTTPConnection
from json import dumps, loads
from pathlib import Path

import pytest
from postgres_server import PostgresServer
from receiving import Receiver
from service_samples import APPROVED
from serving import COMMAND, Served, environment, wait_for

from service.database import open_engine, upgrade, writing
from service.keys import Scope, add_key
from service.outbox import EVENTS
from service.tables import DEFAULT_SITE
from service.webhooks import add_webhook

pytestmark = pytest.mark.slow

DISK_MB = 12


class Site:
    """A site that keeps count of what was acknowledged."""

    def __init__(self, served, key):
        self.served = served
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.acknowledged = []

    def post(self, size=1):
        """Send one more comment; return status, `Retry-After` and what is said."""
        name = f"c-{len(self.acknowledged)}"
        body = dumps({"id": name, "text": APPROVED + " جدا" * size})
        connection = HTTPConnection("127.0.0.1", self.served.port, timeout=30)
        connection.request("POST", "/v1/comments", body=body.encode(), headers=self.headers)
        answer = connection.getresponse()
        said = loads(answer.read())
        connection.close()
        if answer.status == 201:
            self.acknowledged.append(name)
        return answer.status, answer.headers["Retry-After"], said

    def has_all(self):
        """Return whether all that was acknowledged is there."""
        found = [
            self.served.ask("GET", f"/v1/comments/{name}", **self.headers)[0]
            for name in self.acknowledged
        ]
        return found == [200] * len(self.acknowledged)


def prepare(url, receiver=None):
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        key = add_key(connection, "site", [Scope.INGEST, Scope.READ])
        if receiver is not None:
            address = receiver.url()
            add_webhook(connection, address, events=EVENTS, secret="s", site_id=DEFAULT_SITE)
    engine.dispose()
    return key


def says_that_the_database_is_gone(answer):
    status, retry_after, said = answer
    assert (status, said["error"]["type"]) == (503, "database_unavailable")
    assert int(retry_after) > 0


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    size = f"size={DISK_MB}m"
    if os.getuid() != 0:
        pytest.skip("a small disk can be made by root only")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_full_disk_is_told_and_nothing_is_lost(small_disk):
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"\0" * (DISK_MB - 8) * 1_024 * 1_024)
    url = f"sqlite:///{small_disk}/ghirbal.sqlite3"
    served = Served(url, "--workers", "2")
    site = Site(served, prepare(url))
    served.start()
    try:
        while (answer := site.post(size=2_000))[0] == 201:
            assert len(site.acknowledged) < 2_000
        says_that_the_database_is_gone(answer)
        assert site.acknowledged
        assert served.ask("GET", "/healthz")[0] == 200
        ballast.unlink()
        wait_for(lambda: site.post()[0] == 201, "the service did not recover")
        assert served.ask("GET", "/readyz")[0] == 200
        assert site.has_all()
    finally:
        served.close()


@pytest.fixture
def postgres():
    with tempfile.TemporaryDirectory() as name:
        server = PostgresServer(Path(name))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def receiver():
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_database_that_goes_and_comes_back_is_waited_for(postgres, receiver):
    with postgres.database("ghirbal") as url:
        served = Served(url, "--workers", "2")
        site = Site(served, prepare(url, receiver))
        served.start()
        settings = environment(url) | {"GHIRBAL_WEBHOOK_PRIVATE_ADDRESSES": "true"}
        worker = subprocess.Popen([*COMMAND, "worker"], env=settings, stderr=subprocess.PIPE)
        try:
            assert site.post()[0] == 201
            wait_for(lambda: len(receiver.got) == 1, "the event did not arrive")
            for turn in range(2):
                postgres.stop()
                says_that_the_database_is_gone(site.post())
                assert served.ask("GET", "/readyz")[0] == 503
                assert served.ask("GET", "/healthz")[0] == 200
                postgres.start()
                wait_for(lambda: site.post()[0] == 201, "the service did not recover")
                assert served.ask("GET", "/readyz")[0] == 200
                expected = {f"c-{number}" for number in range(2 + turn)}
                wait_for(
                    lambda expected=expected: (
                        {each["comment"] for each in receiver.got} == expected
                    ),
                    "the worker did not recover",
                )
            assert site.has_all()
            worker.send_signal(signal.SIGTERM)
            _, errors = worker.communicate(timeout=30)
            assert worker.returncode == 0
            assert b"Traceback" not in errors
        finally:
            worker.kill()
            worker.wait()
            served.close()
