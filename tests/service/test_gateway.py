import asyncio
import json
import os
import signal
import socket
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from granian.rsgi import ProtocolClosed
from service_samples import APPROVED
from serving import Served, wait_for

from service.gateway import Gateway
from service.too_late import too_late

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(sqlite_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gateway")
    path = folder / "ghirbal.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    settings = folder / "ghirbal.toml"
    settings.write_text("request_timeout_s = 1.5\n", encoding="utf-8")
    options = ("--demo-key", str(folder / "key"), "--config", str(settings))
    served = Served(f"sqlite:///{path}", *options)
    served.start()
    served.key = (folder / "key").read_text(encoding="utf-8").strip()
    yield served
    served.close()


@contextmanager
def connected(served):
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as connection:
        yield connection


def head(served, path="/v1/score", length=30, **more):
    names = {"Host": "x", "Content-Type": "application/json", "Content-Length": length}
    names |= {"Authorization": f"Bearer {served.key}"} | more
    lines = "".join(f"{name}: {value}\r\n" for name, value in names.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode()


def answer(connection):
    with connection.makefile("rb") as file:
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        return status, file.read(length)


def test_body_that_does_not_come_is_a_408_in_each_format(served):
    with connected(served) as native, connected(served) as perspective:
        native.sendall(head(served) + b'{"text"')
        perspective.sendall(head(served, f"/v1alpha1/comments:analyze?key={served.key}"))
        status, body = answer(native)
        assert (status, json.loads(body)["error"]["type"]) == (408, "request_timeout")
        status, body = answer(perspective)
        assert (status, json.loads(body)["error"]["status"]) == (408, "DEADLINE_EXCEEDED")


class Scope:
    """What granian hands over of a request without a body."""

    http_version, scheme, method, path, query_string = "1.1", "http", "GET", "/", ""
    server, client, authority = "127.0.0.1:8000", "[::1]:50000", None

    def __init__(self):
        self.headers = Pairs()


class Pairs(list):
    """Headers as granian has them."""

    def items(self):
        return list(self)


class Answered:
    """What granian would send."""

    def response_bytes(self, status, headers, body):
        self.status, self.headers, self.body = status, dict(headers), body


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/v1/score", ("type", "request_timeout")),
        ("/v1alpha1/comments:analyze", ("status", "UNAVAILABLE")),
        ("/v1/moderations", ("type", "server_error")),
    ],
)
def test_answer_that_is_not_made_in_time_is_a_503_in_each_format(app, path, told):
    never, scope, answered = threading.Event(), Scope(), Answered()
    scope.method, scope.path = "POST", path

    def stuck(_environ, start):
        never.wait(10)
        start("200 OK", [])
        return []

    gateway = Gateway(stuck, max_body_bytes=9, timeout_s=0.01, too_late=too_late(app))
    try:
        asyncio.run(gateway.__rsgi__(scope, answered))
    finally:
        never.set()
    name, value = told
    assert (answered.status, answered.headers["Retry-After"]) == (503, "5")
    assert json.loads(answered.body)["error"][name] == value
    assert answered.headers["X-Ghirbal-Policy"] == "test-1"


def test_answer_that_is_there_at_once_needs_no_thread():
    answered = Answered()
    gateway = Gateway(None, max_body_bytes=9, timeout_s=9, at_once=lambda _: (200, [], b"now"))
    asyncio.run(gateway.__rsgi__(Scope(), answered))
    assert answered.body == b"now"


class Sent(Answered):
    """A body that comes over HTTP/2, in two pieces and without its length."""

    async def __aiter__(self):
        for piece in (b"abc", b"def"):
            yield piece


class Gone(Answered):
    """A client that hangs up in the middle of its body."""

    async def __call__(self):
        raise ProtocolClosed


def through(app, scope, protocol):
    gateway = Gateway(app, max_body_bytes=9, timeout_s=9)
    asyncio.run(gateway.__rsgi__(scope, protocol))


def echo(environ, start):
    start("200 OK", [("x-cookie", environ.get("HTTP_COOKIE", ""))])
    return [environ["wsgi.input"].read()]


def test_http_2_needs_no_length_and_may_send_each_cookie_by_itself():
    scope, answered = Scope(), Sent()
    scope.http_version, scope.headers = "2", Pairs([("cookie", "a=1"), ("cookie", "b=2")])
    through(echo, scope, answered)
    assert (answered.status, answered.body) == (200, b"abcdef")
    assert answered.headers["x-cookie"] == "a=1; b=2"


def test_client_that_hangs_up_reaches_no_view():
    scope, gone, called = Scope(), Gone(), []
    scope.headers = Pairs([("content-length", "5")])
    through(lambda *_: called.append(True), scope, gone)
    assert (called, gone.status) == ([], 400)


def test_slow_clients_keep_nobody_waiting(served):
    slow = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(60)]
    try:
        for connection in slow:
            connection.sendall(head(served) + b"{")
        key = {"Authorization": f"Bearer {served.key}"}
        with connected(served) as quick:
            quick.settimeout(1)
            body = json.dumps({"text": APPROVED}).encode()
            quick.sendall(head(served, length=len(body), **key) + body)
            assert answer(quick)[0] == 200
    finally:
        for connection in slow:
            connection.close()


def test_body_that_comes_in_pieces_is_read(served):
    body = json.dumps({"text": APPROVED}).encode()
    with connected(served) as connection:
        connection.sendall(head(served, length=len(body)))
        for byte in body:
            connection.sendall(bytes([byte]))
        assert answer(connection)[0] == 200
        connection.sendall(head(served, length=len(body)) + body)
        assert answer(connection)[0] == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/comments/%D8%AA%2F%20%3F", 405),
        ("/v1/comments/%ff", 405),
        ("/%00", 404),
        ("/v1//comments", 404),
        ("/healthz?x=%ff&key=%00", 405),
        ("/healthz?x=ش&key=ش", 405),
        ("*", 404),
    ],
)
def test_odd_addresses_are_answered(served, path, status):
    with connected(served) as connection:
        connection.sendall(head(served, path, length=0))
        assert answer(connection)[0] == status


def test_address_in_arabic_reaches_its_comment(served):
    comment = {"id": "تعليق/١", "text": APPROVED}
    key = {"Authorization": f"Bearer {served.key}"}
    assert served.ask("POST", "/v1/comments", comment, **key)[0] == 201
    path = "/v1/comments/%D8%AA%D8%B9%D9%84%D9%8A%D9%82/%D9%A1"
    status, found = served.ask("GET", path, **key)
    assert (status, found["id"]) == (200, "تعليق/١")


def test_header_with_an_underscore_is_no_key(served):
    body = b'{"text": "a"}'
    names = {"Authorization": "", "X_Authorization": "x", "X_Goog_Api_Key": served.key}
    path = "/v1alpha1/comments:analyze"
    with connected(served) as connection:
        connection.sendall(head(served, path, length=len(body), **names) + body)
        assert answer(connection)[0] == 403


def test_ctrl_c_lets_requests_under_way_be_answered(sqlite_url, tmp_path):
    served = Served(sqlite_url, "--demo-key", str(tmp_path / "key"))
    served.start()
    key = (tmp_path / "key").read_text(encoding="utf-8").strip()
    batch = {"comments": [{"text": f"{APPROVED} " * 60}] * 1_000}
    statuses = []

    def send():
        sent = served.ask("POST", "/v1/score", batch, Authorization=f"Bearer {key}")
        statuses.append(sent[0])

    thread = threading.Thread(target=send)
    thread.start()
    wait_for(lambda: _connections(served.port), "the request was not sent")
    # As a terminal does it: to every process of the group.
    os.killpg(served.process.pid, signal.SIGINT)
    code, _, errors = served._reap()
    thread.join()
    assert (code, errors) == (0, "")
    assert statuses[0] in {200, None}


def _connections(port):
    lines = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines][1:]
    return [each for each in fields if each[1].endswith(f":{port:04X}") and each[3] == "01"]
