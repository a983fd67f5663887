import time

import pytest
from service_samples import APPROVED, SUSPECT
from sqlalchemy import text


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def filled(site, engine):
    """Put five comments into review, the third with the highest score, one out of it."""
    for number in range(1, 6):
        site.post(
            "/v1/comments",
            {
                "id": f"c-{number}",
                "text": SUSPECT,
                "created_at": f"2026-11-0{6 - number}T00:00:00Z",
            },
        )
    site.post("/v1/comments", {"id": "fine", "text": APPROVED})
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET score = 0.2"))
        connection.execute(text("UPDATE comment SET score = 0.9 WHERE external_id = 'c-3'"))
    return site


def ids(answer):
    return [comment["id"] for comment in answer.get_json()["comments"]]


def test_queue_begins_with_the_highest_score(filled):
    assert ids(filled.get("/v1/queue")) == ["c-3", "c-5", "c-4", "c-2", "c-1"]


def test_queue_can_begin_with_the_oldest(filled):
    assert ids(filled.get("/v1/queue?order=oldest")) == ["c-5", "c-4", "c-3", "c-2", "c-1"]


def test_queue_counts_what_waits(filled):
    assert filled.get("/v1/queue?limit=1").get_json()["counts"] == {"review": 5, "matching": 5}


@pytest.mark.parametrize("order", ["score", "oldest"])
def test_pages_together_are_the_queue(filled, order):
    whole = ids(filled.get(f"/v1/queue?order={order}"))
    first = filled.get(f"/v1/queue?order={order}&limit=2")
    second = filled.get(
        "/v1/queue", query_string={"order": order, "limit": 2, "after": first.get_json()["next"]}
    )
    third = filled.get(
        "/v1/queue", query_string={"order": order, "limit": 2, "after": second.get_json()["next"]}
    )
    assert ids(first) + ids(second) + ids(third) == whole
    assert third.get_json()["next"] is None


def test_decided_comment_leaves_the_queue(filled):
    filled.post("/v1/comments/c-3/decisions", {"action": "approve"})
    answer = filled.get("/v1/queue")
    assert ids(answer) == ["c-5", "c-4", "c-2", "c-1"]
    assert answer.get_json()["counts"] == {"review": 4, "matching": 4}


def test_comment_sent_back_to_review_returns_with_that_decision(filled):
    filled.post("/v1/comments/fine/decisions", {"action": "review", "reason": "second_look"})
    by_id = {each["id"]: each for each in filled.get("/v1/queue").get_json()["comments"]}
    assert by_id["fine"]["reasons"] == ["second_look"]


def test_edit_that_is_fine_leaves_the_queue(filled):
    filled.post("/v1/comments", {"id": "c-3", "text": APPROVED})
    assert "c-3" not in ids(filled.get("/v1/queue"))


def test_item_shows_what_a_moderator_needs(filled, scorer):
    item = filled.get("/v1/queue?limit=1").get_json()["comments"][0]
    assert (item["text"], item["reasons"]) == (SUSPECT, ["suspect_word"])
    assert item["spans"] == [{"start": 7, "end": 12, "attribute": "suspect_word", "score": 1.0}]
    assert (item["model"], item["policy"]) == (scorer.version, "test-1")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("order=newest", "order"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=WzFd", "after"),
        ("after=ا", "after"),
        ("after=WzAuMiwgMV0&order=oldest", "after"),
        ("colour=red", "colour"),
    ],
)
def test_query_that_cannot_be_answered_is_400(filled, query, field):
    answer = filled.get(f"/v1/queue?{query}")
    assert answer.status_code == 400
    assert answer.get_json()["error"]["field"] == field


@pytest.mark.parametrize(
    ("order", "index"),
    [("score DESC, id DESC", "queue_score"), ("created_at, id", "queue_created_at")],
)
def test_queue_is_read_from_an_index(engine, order, index):
    query = "SELECT id FROM comment WHERE action = 'review' ORDER BY " + order + " LIMIT 50"  # noqa: S608 - of this test
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        # With next to no rows PostgreSQL would rather read the table and sort it.
        for step in () if sqlite else ("seqscan", "bitmapscan", "sort"):
            connection.execute(text(f"SET LOCAL enable_{step} = off"))
        plan = connection.execute(text(f"EXPLAIN {'QUERY PLAN ' if sqlite else ''}{query}"))
        assert index in str(plan.all())


def counts(answer):
    return answer.get_json()["counts"]


def test_long_queue_is_counted_anew_after_a_while(filled, monkeypatch):
    monkeypatch.setattr("service.queue.MANY", 3)
    monkeypatch.setattr("service.recent.AGE_FACTOR", 1_000_000)
    only = "/v1/queue?author=u-1"
    assert counts(filled.get(only)) == {"review": 5, "matching": 0}
    filled.post("/v1/comments", {"id": "new", "text": SUSPECT, "author": {"id": "u-1"}})
    assert counts(filled.get(only)) == {"review": 5, "matching": 0}
    monkeypatch.setattr("service.recent.time", Later())
    assert counts(filled.get(only)) == {"review": 6, "matching": 1}


class Later:
    def monotonic(self):
        return time.monotonic() + 1_000_000_000
