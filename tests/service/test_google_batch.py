import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_samples import APPROVED

from service.keys import Scope

TYPE = "multipart/mixed; boundary=b"


@pytest.fixture
def key(key_for):
    return key_for(Scope.SCORE)


@pytest.fixture
def send(app):
    client = app.test_client()

    def post(body, content_type=TYPE, **headers):
        return client.post("/batch", data=body, content_type=content_type, headers=headers)

    return post


def part(line, *, name="<x + 1>", headers="", text=APPROVED):
    body = json.dumps({"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}})
    return f"--b\r\nContent-ID: {name}\r\n\r\n{line}\r\n{headers}\r\n{body}\r\n".encode()


def analyze(key, host=""):
    return f"POST {host}/v1alpha1/comments:analyze?key={key} HTTP/1.1"


def statuses(answer):
    assert answer.status_code == 200
    return [int(each.split(b" ")[1]) for each in answer.data.split(b"\r\n\r\nHTTP/")[1:]]


@pytest.mark.parametrize("end", [b"--b--", b"--b--\r\nafter", b"--b-- \n"])
def test_each_part_is_answered_with_its_id(send, key, end):
    answer = send(b"before\r\n" + part(analyze(key)) + part(analyze(key), name="<x + 2>") + end)
    assert statuses(answer) == [200, 200]
    assert answer.content_type.startswith("multipart/mixed; boundary=batch_")
    names = [b"Content-ID: <response-x + 1>", b"Content-ID: <response-x + 2>"]
    assert [line for line in answer.data.split(b"\r\n") if line[:10] == b"Content-ID"] == names


def test_lines_may_end_as_pythons_client_ends_them(send, key):
    assert statuses(send((part(analyze(key)) + b"--b--").replace(b"\r\n", b"\n"))) == [200]


def test_key_may_come_in_a_header_of_the_part_or_of_the_batch(send, key):
    line, header = analyze(""), f"X-Goog-Api-Key: {key}\r\n"
    inside = send(part(line, headers=header) + part(line) + b"--b--")
    assert statuses(inside) == [200, 403]
    assert statuses(send(part(line) + b"--b--", **{"X-Goog-Api-Key": key})) == [200]


@pytest.mark.parametrize("host", ["https://commentanalyzer.googleapis.com", "http://host:8000"])
def test_whole_address_is_understood(send, key, host):
    assert statuses(send(part(analyze(key, host)) + b"--b--")) == [200]
    escaped = analyze(key, host).replace("comments:", "comments%3A")
    assert statuses(send(part(escaped) + b"--b--")) == [200]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /v1alpha1/comments:analyze HTTP/1.1", 400),
        ("POST /v1/score HTTP/1.1", 400),
        ("POST /batch HTTP/1.1", 400),
        ("POST /v1alpha1/../v1/score HTTP/1.1", 404),
        ("POST /v1alpha1/comments:delete HTTP/1.1", 404),
        ("", 400),
    ],
)
def test_part_reaches_the_perspective_format_alone(send, key, line, status):
    header = f"Authorization: Bearer {key}\r\n"
    assert statuses(send(part(line, headers=header) + b"--b--")) == [status]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TYPE),
        (b"--b", TYPE),
        (b"--b--", TYPE),
        (b"--b\r\n\r\n--b--", "multipart/mixed"),
        (b"--b\r\n\r\n--b--", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\n" * 1_001 + b"--b--", TYPE),
    ],
)
def test_what_is_no_batch_is_an_invalid_argument(send, body, content_type):
    answer = send(body, content_type)
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


def test_thousand_parts_are_answered(send):
    assert statuses(send(b"--b\r\n\r\n" * 1_000 + b"--b--")) == [400] * 1_000


PIECES = st.sampled_from(
    [
        b"--b",
        b"--b--",
        b"\r\n",
        b"\n\n",
        b"Content-ID: <\xff\x00 + 1>",
        b"X-Goog-Api-Key: \xff",
        b"POST /v1alpha1/comments:analyze?key=\xff%ff HTTP/1.1",
        b"Content-Type: \xff",
        b"{",
    ]
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(pieces=st.lists(PIECES | st.binary(max_size=9), max_size=15))
def test_no_batch_is_answered_with_a_fault(send, pieces):
    answer = send(b"".join(pieces))
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert set(statuses(answer)) <= {400, 403, 404}
