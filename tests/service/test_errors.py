import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_samples import APPROVED, Caller

from service.app import build_app
from service.keys import Scope
from service.settings import load_settings
from service.state import service_state


def problem(answer):
    """Return status and code, having checked the shape that every error has."""
    body = answer.get_json()
    assert set(body) == {"error"}
    assert {"type", "message"} <= set(body["error"]) <= {"type", "message", "field"}
    assert all(isinstance(value, str) and value for value in body["error"].values())
    assert answer.content_type == "application/json"
    return answer.status_code, body["error"]["type"]


def field(answer):
    return answer.get_json()["error"].get("field")


@pytest.mark.parametrize("path", ["/v1/score", "/v1/comments", "/v1/comments/c-1/decisions"])
@pytest.mark.parametrize(
    ("body", "status", "type_"),
    [
        pytest.param(b"", 400, "invalid_json", id="empty"),
        pytest.param(b"text", 400, "invalid_json", id="not-json"),
        pytest.param(b'{"text": "a"', 400, "invalid_json", id="cut-off"),
        pytest.param(b'{"text": "\xff"}', 400, "invalid_json", id="not-utf-8"),
        pytest.param('{"text": "a"}'.encode("utf-16"), 400, "invalid_json", id="utf-16"),
        pytest.param(b'{"text": NaN}', 400, "invalid_json", id="nan"),
        pytest.param(b'{"text": -Infinity}', 400, "invalid_json", id="infinity"),
        pytest.param(b'{"text": "a", "text": "b"}', 400, "invalid_json", id="name-twice"),
        pytest.param(b'{"text": ' + b"9" * 5_000 + b"}", 400, "invalid_json", id="long-number"),
        pytest.param(b"[" * 100_000, 400, "invalid_json", id="deep-array"),
        pytest.param(b'{"a":' * 100_000, 400, "invalid_json", id="deep-object"),
        pytest.param(b"[]", 400, "invalid_request", id="array"),
        pytest.param(b"null", 400, "invalid_request", id="null"),
        pytest.param(b'"text"', 400, "invalid_request", id="string"),
        pytest.param(b"{}", 400, "invalid_request", id="nothing-in-it"),
        pytest.param(b'{"\\ud800": 1}', 400, "invalid_request", id="surrogate-in-a-name"),
    ],
)
def test_body_that_cannot_be_read_is_refused(site, path, body, status, type_):
    assert problem(site.post_raw(path, body)) == (status, type_)


def test_byte_order_mark_is_passed_over(site):
    assert site.post_raw("/v1/score", b'\xef\xbb\xbf{"text": "a"}').status_code == 200


@pytest.mark.parametrize(
    ("change", "status", "type_", "where"),
    [
        ({"id": ""}, 400, "invalid_request", "id"),
        ({"id": 7}, 400, "invalid_request", "id"),
        ({"id": None}, 400, "invalid_request", "id"),
        ({"id": "a" * 201}, 400, "invalid_request", "id"),
        ({"id": "a\0"}, 400, "invalid_request", "id"),
        ({"id": "\udfff"}, 400, "invalid_request", "id"),
        ({"id": "."}, 400, "invalid_request", "id"),
        ({"id": ".."}, 400, "invalid_request", "id"),
        ({"text": ""}, 400, "comment_empty", "text"),
        ({"text": " \t\u00a0\u2003\n"}, 400, "comment_empty", "text"),
        ({"text": None}, 400, "invalid_request", "text"),
        ({"text": ["a"]}, 400, "invalid_request", "text"),
        ({"text": "a\ud83d"}, 400, "invalid_request", "text"),
        ({"text": "a\0b"}, 400, "invalid_request", "text"),
        ({"text": "ا" * 10_240 + "a"}, 413, "comment_too_long", "text"),
        ({"author": "سارة"}, 400, "invalid_request", "author"),
        ({"author": {"id": 7}}, 400, "invalid_request", "author.id"),
        ({"author": {"mail": "a@b"}}, 400, "invalid_request", "author.mail"),
        ({"article": {"title": 1}}, 400, "invalid_request", "article.title"),
        ({"article": {"url": "u" * 2_001}}, 400, "invalid_request", "article.url"),
        ({"created_at": "yesterday"}, 400, "invalid_request", "created_at"),
        ({"created_at": 1_700_000_000}, 400, "invalid_request", "created_at"),
        ({"created_at": "1700000000"}, 400, "invalid_request", "created_at"),
        ({"created_at": "1700000000.5"}, 400, "invalid_request", "created_at"),
        ({"created_at": "-1700000000"}, 400, "invalid_request", "created_at"),
        ({"created_at": "9999-12-31T23:59:59-14:00"}, 400, "invalid_request", "created_at"),
        ({"created_at": "0001-01-01T00:00:00+14:00"}, 400, "invalid_request", "created_at"),
        ({"lang": "ar"}, 400, "invalid_request", "lang"),
    ],
)
def test_wrong_field_of_a_comment_is_named(site, change, status, type_, where):
    answer = site.post("/v1/comments", {"id": "c-1", "text": APPROVED} | change)
    assert problem(answer) == (status, type_)
    assert field(answer) == where


@pytest.mark.parametrize(
    ("decision", "where"),
    [
        ({}, "action"),
        ({"action": "delete"}, "action"),
        ({"action": "approve", "reason": ["a"]}, "reason"),
        ({"action": "approve", "note": "n" * 2_001}, "note"),
        ({"action": "approve", "by": "me"}, "by"),
    ],
)
def test_wrong_field_of_a_decision_is_named(site, decision, where):
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    answer = site.post("/v1/comments/c-1/decisions", decision)
    assert problem(answer) == (400, "invalid_request")
    assert field(answer) == where


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/v1/score", {"text": "\ud83d"}, "must be valid Unicode, without unpaired surrogates"),
        (
            "/v1/comments",
            {"id": "c-1", "text": "\ud83d"},
            "must be valid Unicode, without unpaired surrogates",
        ),
        (
            "/v1/queue/decisions",
            {"action": "review", "filter": {}},
            "Input should be 'approve' or 'reject'",
        ),
        (
            "/v1/queue/decisions",
            {"action": "approve", "filter": {"search": ""}},
            "String should have at least 1 character",
        ),
    ],
)
def test_error_tells_nothing_of_the_inside(site, path, body, message):
    answer = site.post(path, body)
    assert (answer.status_code, answer.get_json()["error"]["message"]) == (400, message)


def test_comment_of_just_the_limit_is_taken(site):
    assert site.post("/v1/comments", {"id": "c-1", "text": "ا" * 10_240}).status_code == 201


def test_error_never_repeats_a_text(site):
    secret = "كلام خاص"
    for body in ({"id": "1", "text": [secret]}, {"id": "1", "text": secret * 3_000}):
        assert secret not in site.post("/v1/comments", body).get_data(as_text=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Encoding": "br"},
    ],
)
def test_other_media_types_are_415(site, headers):
    answer = site.post_raw("/v1/score", b'{"text": "a"}', **headers)
    assert problem(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_compressed_body_is_read(site, encoding):
    packed = gzip.compress(b'{"text": "a"}')
    assert site.post_raw("/v1/score", packed, **{"Content-Encoding": encoding}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b'{"text": "a"}', gzip.compress(b'{"text": "a"}')[:-9], gzip.compress(b"\xff")],
    ids=["empty", "plain", "cut off", "no text"],
)
def test_body_that_is_not_the_gzip_it_is_said_to_be_is_told(site, body):
    answer = site.post_raw("/v1/score", body, **{"Content-Encoding": "gzip"})
    assert problem(answer) == (400, "invalid_json")


def test_compressed_body_counts_by_what_it_unpacks_to(database_url, key_for):
    app = build_app(load_settings({"DATABASE_URL": database_url, "MAX_BODY_BYTES": 1_024}))
    caller = Caller(app.test_client(), key_for(Scope.SCORE))
    fits = json.dumps({"text": "a" * 1_012}).encode()
    packed = {"Content-Encoding": "gzip"}
    assert caller.post_raw("/v1/score", gzip.compress(fits), **packed).status_code == 200
    answer = caller.post_raw("/v1/score", gzip.compress(fits + b" " * 9_000_000), **packed)
    assert problem(answer) == (413, "body_too_large")


def test_addresses_and_methods_that_are_not_there(site):
    assert problem(site.get("/v1/nothing")) == (404, "not_found")
    assert problem(site.get("/nothing")) == (404, "not_found")
    wrong = site.get("/v1/score")
    assert problem(wrong) == (405, "method_not_allowed")
    assert "POST" in wrong.headers["Allow"]


def test_body_over_the_limit_is_413(database_url, key_for):
    app = build_app(load_settings({"DATABASE_URL": database_url, "MAX_BODY_BYTES": 1_024}))
    caller = Caller(app.test_client(), key_for(Scope.SCORE))
    fits = json.dumps({"text": "a" * 1_012}).encode()
    assert len(fits) == 1_024
    assert caller.post_raw("/v1/score", fits).status_code == 200
    assert problem(caller.post_raw("/v1/score", fits + b" ")) == (413, "body_too_large")


def test_fault_of_the_service_is_500_without_a_word_of_it(site, app):
    def fail():
        raise RuntimeError("inner secret")

    app.view_functions["api.get_queue"] = fail
    answer = site.get("/v1/queue")
    assert problem(answer) == (500, "internal_error")
    assert "secret" not in answer.get_data(as_text=True)


def test_locked_database_is_503_and_recovers(site, app, engine):
    holder = engine.raw_connection()
    holder.cursor().execute("BEGIN IMMEDIATE")
    with app.app_context(), service_state().engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    answer = site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    assert problem(answer) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    holder.rollback()
    holder.close()
    assert site.post("/v1/comments", {"id": "c-1", "text": APPROVED}).status_code == 201


def test_full_disk_is_503_and_recovers(site, engine):
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    big = {"id": "c-1", "text": "a" * 20_000}
    answer = site.post("/v1/comments", big)
    assert problem(answer) == (503, "database_unavailable")
    assert site.get("/v1/comments/c-1").status_code == 404
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert site.post("/v1/comments", big).status_code == 201


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["id", "text", "author", "article", "parent_id", "created_at", "comments", "action", "note"]
)
DOCUMENTS = st.dictionaries(NAMES | st.text(max_size=5), JSON_VALUES, max_size=6)
NEAR_MISSES = st.fixed_dictionaries(
    {"id": st.text(max_size=5), "text": st.text(st.characters(), max_size=50)},
    optional={
        "author": st.fixed_dictionaries({}, optional={"id": JSON_VALUES, "name": st.text()}),
        "article": st.fixed_dictionaries({}, optional={"id": st.text(), "title": JSON_VALUES}),
        "parent_id": st.none() | st.text(),
        "created_at": st.datetimes().map(str) | st.text(max_size=25) | st.integers().map(str),
        "comments": st.lists(DOCUMENTS | JSON_VALUES, max_size=3),
        "action": st.sampled_from(["approve", "review", "reject"]) | JSON_VALUES,
    },
)
BODIES = st.binary(max_size=60) | (DOCUMENTS | NEAR_MISSES).map(
    lambda document: json.dumps(document).encode()
)


@pytest.mark.parametrize("path", ["/v1/score", "/v1/comments", "/v1/comments/c-1/decisions"])
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=BODIES)
def test_no_body_is_answered_with_a_fault(site, path, body):
    answer = site.post_raw(path, body)
    assert answer.status_code < 500
    if answer.status_code >= 400:
        problem(answer)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=st.dictionaries(st.sampled_from(["order", "limit", "after"]), st.text(max_size=20)))
def test_no_query_is_answered_with_a_fault(site, query):
    encodable = {name: value.encode("utf-8", "replace") for name, value in query.items()}
    answer = site.get("/v1/queue", query_string=encodable)
    assert answer.status_code in {200, 400}
