import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest
from service_samples import APPROVED
from serving import COMMAND, Served, environment, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def served(sqlite_url, tmp_path):
    served = Served(sqlite_url, "--workers", "2", "--demo-key", str(tmp_path / "demo key"))
    served.start()
    yield served
    served.close()


def test_start_prints_the_address_and_a_request_that_works(served):
    _, output, errors = served.stop()
    assert f"http://127.0.0.1:{served.port}" in output
    assert errors == ""
    served.start()
    request = output[output.index("curl") :]
    pasted = subprocess.run(["bash", "-c", request], capture_output=True, check=True)
    assert b'"action"' in pasted.stdout


def test_key_is_not_printed(served, tmp_path):
    _, output, errors = served.stop()
    key = (tmp_path / "demo key").read_text(encoding="utf-8").strip()
    assert key not in output + errors


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_stop_is_clean(served, sign):
    code, _, errors = served.stop(sign)
    assert (code, errors) == (0, "")


def test_clean_stop_leaves_the_whole_database_in_its_main_file(served, tmp_path):
    key = (tmp_path / "demo key").read_text(encoding="utf-8").strip()
    for number in range(10):
        comment = {"id": f"c-{number}", "text": APPROVED}
        sent = served.ask("POST", "/v1/comments", comment, Authorization=f"Bearer {key}")
        assert sent[0] == 201
    served.stop()
    main = tmp_path / "ghirbal.sqlite3"
    assert list(tmp_path.glob("ghirbal.sqlite3*")) == [main]
    with closing(sqlite3.connect(f"{main.as_uri()}?immutable=1", uri=True)) as connection:
        assert connection.execute("SELECT count(*) FROM comment").fetchone() == (10,)


def test_database_that_was_moved_away_is_not_made_anew_by_the_stop(served, tmp_path):
    for each in tmp_path.glob("ghirbal.sqlite3*"):
        each.rename(each.with_name(f"old.{each.name}"))
    assert served.stop()[0] == 0
    assert list(tmp_path.glob("ghirbal.sqlite3*")) == []


def test_second_service_on_the_same_port_is_refused(served):
    second = subprocess.run(
        [*COMMAND, "serve", "--port", str(served.port)],
        env=environment(served.database_url),
        capture_output=True,
        check=False,
    )
    assert second.returncode == 1
    assert b"choose another with --host and --port" in second.stderr
    assert b"Traceback" not in second.stderr


def test_killed_worker_is_replaced(served):
    before = served.workers()
    subprocess.run(["kill", "-KILL", str(before[0])], check=True)
    wait_for(
        lambda: len(served.workers()) == 2 and served.workers() != before,
        "the worker was not replaced",
    )
    wait_for(served.answers, "nobody answers")


def test_workers_end_with_a_killed_main_process(served):
    served.kill_main()
    wait_for(lambda: served.ask("GET", "/healthz")[0] is None, "an orphan still answers")
    served.start()


def test_port_is_released_at_once(served):
    served.stop()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", served.port))


def test_bodies_in_chunks_are_read_up_to_the_limit(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GHIRBAL_MAX_BODY_BYTES", "2048")
    path = tmp_path / "demo-key"
    served = Served(sqlite_url, "--demo-key", str(path))
    served.start()
    headers = {
        "Authorization": f"Bearer {path.read_text(encoding='utf-8').strip()}",
        "Content-Type": "application/json",
    }
    try:
        statuses = [_post_in_chunks(served.port, length, headers) for length in (2_048, 2_049)]
    finally:
        served.close()
    assert statuses == [200, 413]


def _post_in_chunks(port, length, headers):
    body = b'{"text": "' + b"a" * (length - 12) + b'"}'
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(
        "POST", "/v1/score", body=iter([body[:1_000], body[1_000:]]), headers=headers
    )
    status = connection.getresponse().status
    connection.close()
    return status


def test_request_under_way_is_answered_before_the_stop(served, tmp_path):
    key = (tmp_path / "demo key").read_text(encoding="utf-8").strip()
    batch = {"comments": [{"text": "شكرا على المقال " * 60}] * 1_000}
    answers = []

    def send():
        answers.append(served.ask("POST", "/v1/score", batch, Authorization=f"Bearer {key}"))

    thread = threading.Thread(target=send)
    thread.start()
    time.sleep(0.1)
    served.stop()
    thread.join()
    assert answers[0][0] in {200, None}


def test_start_imports_nothing_that_it_does_not_need(sqlite_url):
    """What keeps the start under a second, told without a clock."""
    script = (
        "import sys; from service.cli import ghirbal; import service.server;"
        "from service import create_app; create_app();"
        "print(*sys.modules)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment(sqlite_url), capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert {"flask", "sqlalchemy", "granian"} <= loaded
    heavy = {"alembic", "psycopg", "scipy", "sklearn", "joblib", "openapi_pydantic"}
    assert not heavy & loaded
