"""The short way answers as Flask does, to the byte."""

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from service_samples import APPROVED
from test_perspective import ANALYZE, MESSAGES, PRODUCTION
from werkzeug.exceptions import RequestTimeout
from werkzeug.test import Client, EnvironBuilder

from service import create_app
from service.keys import Scope

BODY = {"comment": {"text": APPROVED}, "requestedAttributes": {"TOXICITY": {}}}


@pytest.fixture
def key(key_for):
    return key_for(Scope.SCORE)


@pytest.fixture
def behind(app):
    """Return a client of Flask alone."""
    return Client(app.wsgi_app.behind)


def only_express(app):
    """Return a client of the short way, which fails where that does not answer."""

    def never(_environ, _start):
        raise AssertionError("left to Flask")

    return Client(replace(app.wsgi_app, behind=never))


def both(app, behind, path, **request):
    headers = {"X-Request-Id": "r-1"} | request.pop("headers", {})
    answers = [
        client.post(path, headers=headers, **request) for client in (app.test_client(), behind)
    ]
    return [(each.status_code, sorted(each.headers), each.data) for each in answers]


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=MESSAGES)
def test_any_request_is_answered_as_flask_answers_it(app, behind, key, body):
    express, flask = both(app, behind, f"{ANALYZE}?key={key}", data=json.dumps(body))
    assert express == flask


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"requestedAttributes": {name: {} for name in PRODUCTION}},
        {"spanAnnotations": True, "clientToken": "t", "languages": ["en"], "doNotStore": True},
        {"requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.99}}},
        {"comment": {"text": "ا" * 10_240}},
    ],
)
def test_ordinary_requests_take_the_short_way(app, behind, key, change):
    path, body = f"{ANALYZE}?key={key}", json.dumps(BODY | change)
    short, whole = only_express(app).post(path, data=body), behind.post(path, data=body)
    assert (short.status_code, short.data) == (200, whole.data)
    names = [name for name, _ in whole.headers]
    assert sorted(name for name, _ in short.headers) == sorted(names)


@pytest.mark.parametrize(
    "request_",
    [
        {"query_string": "key=wrong"},
        {"query_string": ""},
        {"data": b"{"},
        {"data": b""},
        {"headers": {"Content-Encoding": "gzip"}},
        {"headers": {"Content-Encoding": "br"}},
        {"data": json.dumps(BODY | {"comment": {"text": ""}})},
        {"data": json.dumps({"comment": {"text": "ا" * 200_000}})},
    ],
)
def test_errors_are_left_to_flask(app, behind, key, request_):
    asked = {"query_string": f"key={key}", "data": json.dumps(BODY)} | request_
    express, flask = both(app, behind, ANALYZE, **asked)
    assert express == flask
    assert express[0] in {400, 403}


def test_other_methods_and_scopes_are_left_to_flask(app, key_for, key):
    client = app.test_client()
    assert client.get(f"{ANALYZE}?key={key}").status_code == 405
    other = key_for(Scope.READ)
    assert client.post(f"{ANALYZE}?key={other}", json=BODY).status_code == 403


def test_body_that_does_not_come_is_told_by_flask(app, key):
    class Late:
        def read(self, _size):
            raise RequestTimeout

    late = {"wsgi.input": Late(), "CONTENT_LENGTH": "9"}
    answer = app.test_client().post(f"{ANALYZE}?key={key}", environ_overrides=late)
    assert answer.status_code == 408


def test_request_is_counted_once_whichever_way_it_takes(database_url, key_for):
    app = create_app({"DATABASE_URL": database_url, "RATE_LIMIT": "4/hour"})
    client, path = app.test_client(), f"{ANALYZE}?key={key_for(Scope.SCORE)}"
    empty = BODY | {"comment": {"text": ""}}
    statuses = [client.post(path, json=each).status_code for each in (BODY, empty) * 3]
    assert statuses == [200, 400, 200, 400, 429, 429]


def test_body_over_the_limit_of_the_operator_is_refused(database_url, key_for):
    app = create_app({"DATABASE_URL": database_url, "MAX_BODY_BYTES": "1024"})
    path = f"{ANALYZE}?key={key_for(Scope.SCORE)}"
    fits = json.dumps(BODY).ljust(1_024)
    statuses = [app.test_client().post(path, data=each).status_code for each in (fits, fits + " ")]
    assert statuses == [200, 400]


@pytest.mark.parametrize("query", ["", "?key=any"])
def test_open_service_takes_the_short_way_without_a_key(database_url, query):
    app = create_app({"DATABASE_URL": database_url, "PERSPECTIVE_KEYS": "optional"})
    assert only_express(app).post(f"{ANALYZE}{query}", json=BODY).status_code == 200


def environ(body, key):
    data = json.dumps(body).encode()
    return EnvironBuilder(
        ANALYZE, method="POST", query_string={"key": key}, data=data
    ).get_environ()


def test_nothing_to_look_up_is_answered_without_a_thread(app, key):
    express = app.wsgi_app
    assert express.at_once(environ(BODY, key)) is None
    whole = app.test_client().post(f"{ANALYZE}?key={key}", json=BODY)
    status, headers, body = express.at_once(environ(BODY, key))
    assert (status, body) == (200, whole.data)
    assert dict(headers)["X-Ghirbal-Policy"] == "test-1"


@pytest.mark.parametrize(
    ("body", "change"),
    [
        (BODY, {"PATH_INFO": "/v1/score"}),
        (BODY, {"REQUEST_METHOD": "PUT"}),
        (BODY, {"QUERY_STRING": "key=other"}),
        (BODY, {"CONTENT_LENGTH": ""}),
        (BODY | {"comment": {"text": ""}}, {}),
        (BODY | {"comment": {"text": "ا" * 4_000}}, {}),
    ],
)
def test_all_else_waits_for_a_thread(app, key, body, change):
    app.test_client().post(f"{ANALYZE}?key={key}", json=BODY)
    assert app.wsgi_app.at_once(environ(body, key) | change) is None


def test_policy_that_may_have_changed_waits_for_a_thread(app, key, monkeypatch):
    app.test_client().post(f"{ANALYZE}?key={key}", json=BODY)
    monkeypatch.setattr("service.policies._REFRESH_S", 0)
    assert app.wsgi_app.at_once(environ(BODY, key)) is None


def test_limit_that_another_machine_counts_waits_for_a_thread(app, key):
    express = replace(app.wsgi_app, limit_waits=True)
    app.test_client().post(f"{ANALYZE}?key={key}", json=BODY)
    assert express.at_once(environ(BODY, key)) is None


def test_line_of_the_log_is_that_of_any_request(app, key, caplog):
    caplog.set_level(logging.INFO, logger="service.requests")
    path = f"{ANALYZE}?key={key}"
    app.test_client().post(path, json=BODY, headers={"X-Request-Id": "r-1"})
    [line] = caplog.records
    assert (line.endpoint, line.method, line.status) == ("perspective.analyze", "POST", 200)
    assert (line.request_id, line.key_id, line.duration_ms > 0) == ("r-1", 1, True)
    noted = json.dumps(vars(line), default=str)
    assert APPROVED not in noted
    assert key not in noted
