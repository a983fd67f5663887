import shutil
import signal
import socket
import subprocess
import time

import pytest
from service_samples import APPROVED, Caller
from serving import free_port, wait_for

from service import create_app
from service.errors import SettingsError
from service.keys import Scope


@pytest.fixture
def limited(database_url):
    return create_app({"DATABASE_URL": database_url, "RATE_LIMIT": "2/hour"})


def test_key_that_asks_too_often_is_told_when_to_come_back(limited, key_for):
    first = Caller(limited.test_client(), key_for(Scope.SCORE))
    second = Caller(limited.test_client(), key_for(Scope.SCORE))
    statuses = [first.post("/v1/score", {"text": APPROVED}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = first.post("/v1/score", {"text": APPROVED})
    assert answer.get_json()["error"]["type"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3_600
    assert second.post("/v1/score", {"text": APPROVED}).status_code == 200


def test_foreign_formats_tell_it_in_their_own_way(limited, key_for):
    key = key_for(Scope.SCORE)
    caller = Caller(limited.test_client(), key)
    for _ in range(2):
        caller.post("/v1/moderations", {"input": APPROVED})
    answer = caller.post("/v1/moderations", {"input": APPROVED})
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (429, "requests")
    assert answer.get_json()["error"]["code"] == "rate_limit_exceeded"
    answer = caller.client.post(f"/v1alpha1/comments:analyze?key={key}")
    error = answer.get_json()["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert "Retry-After" in answer.headers


def test_probes_are_not_limited(limited):
    client = limited.test_client()
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    "settings",
    [
        {"RATE_LIMIT": "often"},
        {"RATE_LIMIT": "1/second", "RATE_LIMIT_STORAGE": "nowhere://"},
        {"RATE_LIMIT": "1/second", "RATE_LIMIT_STORAGE": "redis://127.0.0.1:1/0"},
    ],
)
def test_limit_that_cannot_be_kept_stops_the_start(database_url, settings):
    pytest.importorskip("redis", reason="the Redis client is not installed")
    with pytest.raises(SettingsError, match="rate_limit"):
        create_app({"DATABASE_URL": database_url} | settings)


def _answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def redis_server():
    """Start a server of our own; return its address and its process."""
    pytest.importorskip("redis", reason="the Redis client is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: _answers(port), "Redis did not start")
        yield f"redis://127.0.0.1:{port}/0", process
    finally:
        process.kill()
        process.wait()


@pytest.mark.slow
def test_workers_count_together_in_redis(database_url, key_for, redis_server):
    address, _ = redis_server
    settings = {"DATABASE_URL": database_url, "RATE_LIMIT": "3/hour", "RATE_LIMIT_STORAGE": address}
    key = key_for(Scope.SCORE)
    workers = [Caller(create_app(settings).test_client(), key) for _ in range(2)]
    answers = [workers[number % 2].post("/v1/score", {"text": APPROVED}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 3_600


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
def test_comments_are_scored_while_redis_is_away(sign, database_url, key_for, redis_server, caplog):
    address, process = redis_server
    settings = {"DATABASE_URL": database_url, "RATE_LIMIT": "1/hour", "RATE_LIMIT_STORAGE": address}
    caller = Caller(create_app(settings).test_client(), key_for(Scope.SCORE))
    assert caller.post("/v1/score", {"text": APPROVED}).status_code == 200
    assert caller.post("/v1/score", {"text": APPROVED}).status_code == 429
    process.send_signal(sign)
    started = time.monotonic()
    assert caller.post("/v1/score", {"text": APPROVED}).status_code == 200
    # Coral publishes what is not answered by then.
    assert time.monotonic() - started < 0.8
    assert "rate limits are not kept" in caplog.text
