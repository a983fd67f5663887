"""Running `ghirbal serve` as an operator does, for the tests that need a real server."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60  # machines that test are busy
COMMAND = [sys.executable, "-m", "service.cli"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(database_url):
    # Where the corpora lie is for the tests, and no setting of the service.
    kept = {name: value for name, value in os.environ.items() if name != "GHIRBAL_CORPORA"}
    return kept | {"GHIRBAL_DATABASE_URL": database_url, "PYTHONPATH": str(ROOT)}


class Served:
    """A service in a process group of its own."""

    def __init__(self, database_url, *options):
        self.database_url = database_url
        self.options = options
        self.port = free_port()
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", str(self.port), *self.options],
            env=environment(self.database_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            wait_for(self.answers, "the service did not start")
        except BaseException:
            self.close()
            raise

    def answers(self):
        """Return whether the service answers; fail if it has ended instead."""
        assert self.process.poll() is None, self._reap()
        return self.ask("GET", "/healthz")[0] == 200

    def ask(self, method, path, body=None, **headers):
        """Return status and document, or None for the status if nobody answers."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            data = None if body is None else json.dumps(body)
            headers = {"Content-Type": "application/json"} | headers
            connection.request(method, path, body=data, headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, HTTPException):
            return None, None
        finally:
            connection.close()

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in children.read_text(encoding="ascii").split()]

    def kill_main(self):
        self.process.kill()
        self._reap()

    def kill_group(self):
        os.killpg(self.process.pid, signal.SIGKILL)
        self._reap()

    def stop(self, sign=signal.SIGTERM):
        self.process.send_signal(sign)
        return self._reap()

    def _reap(self):
        output, errors = self.process.communicate(timeout=30)
        return self.process.returncode, output.decode(), errors.decode()

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.kill_group()


def wait_for(condition, message, *, timeout_s=START_TIMEOUT_S):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, message
        time.sleep(0.01)
