import pytest
from service_samples import APPROVED, BANNED, SUSPECT, Caller
from sqlalchemy import text

from moderation import ATTRIBUTES
from service import create_app


def test_one_text_is_scored(site, scorer):
    answer = site.post("/v1/score", {"text": SUSPECT})
    assert answer.status_code == 200
    body = answer.get_json()
    assert set(body.pop("scores")) == set(ATTRIBUTES)
    assert body == {
        "id": None,
        "action": "review",
        "reasons": ["suspect_word"],
        "spans": [{"start": 7, "end": 12, "attribute": "suspect_word", "score": 1.0}],
        "model": scorer.version,
        "policy": "test-1",
    }


def test_offsets_count_code_points(site):
    body = site.post("/v1/score", {"text": f"😀😀 {SUSPECT}"}).get_json()
    assert [(span["start"], span["end"]) for span in body["spans"]] == [(10, 15)]


@pytest.mark.parametrize("name", ["c-1", "", 17, -1])
def test_id_of_a_text_comes_back(site, name):
    assert site.post("/v1/score", {"id": name, "text": APPROVED}).get_json()["id"] == name


def test_batch_is_answered_in_order(site):
    batch = [{"id": "a", "text": SUSPECT}, {"text": APPROVED}, {"id": 3, "text": BANNED}]
    results = site.post("/v1/score", {"comments": batch}).get_json()["results"]
    assert [(each["id"], each["action"]) for each in results] == [
        ("a", "review"),
        (None, "approve"),
        (3, "reject"),
    ]


def test_batch_scores_as_single_texts_do(site):
    batch = [{"text": each} for each in (SUSPECT, APPROVED, BANNED)]
    results = site.post("/v1/score", {"comments": batch}).get_json()["results"]
    assert results == [site.post("/v1/score", each).get_json() for each in batch]


def test_bad_items_do_not_stop_the_good_ones(site):
    batch = [
        {"id": "a", "text": APPROVED},
        {"id": "b", "text": " \n\t"},
        {"id": "c"},
        {"id": True, "text": APPROVED},
        "text",
        {"id": "d", "text": "ا" * 10_241},
        {"id": "e", "text": "\ud800"},
        {"id": "f", "text": APPROVED, "lang": "ar"},
        {"id": "\ud800", "text": ""},
        {"id": "g", "text": SUSPECT},
    ]
    answer = site.post("/v1/score", {"comments": batch})
    assert answer.status_code == 200
    results = answer.get_json()["results"]
    assert [
        each["action"] if "action" in each else (each["error"]["type"], each["error"]["field"])
        for each in results
    ] == [
        "approve",
        ("comment_empty", "comments.1.text"),
        ("invalid_request", "comments.2.text"),
        ("invalid_request", "comments.3.id"),
        ("invalid_request", "comments.4"),
        ("comment_too_long", "comments.5.text"),
        ("invalid_request", "comments.6.text"),
        ("invalid_request", "comments.7.lang"),
        ("invalid_request", "comments.8.id"),
        "review",
    ]
    assert [each["id"] for each in results] == ["a", "b", "c", None, None, "d", "e", "f", "?", "g"]


def test_a_batch_of_only_bad_items_is_answered_too(site):
    results = site.post("/v1/score", {"comments": [{"text": ""}]}).get_json()["results"]
    assert results[0]["error"]["type"] == "comment_empty"


def test_thousand_comments_are_a_batch_and_one_more_is_not(site):
    thousand = [{"text": APPROVED}] * 1_000
    assert len(site.post("/v1/score", {"comments": thousand}).get_json()["results"]) == 1_000
    answer = site.post("/v1/score", {"comments": [*thousand, thousand[0]]})
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (413, "batch_too_large")


def test_scoring_stores_nothing(site, engine):
    site.post("/v1/score", {"id": "x", "text": SUSPECT})
    with engine.connect() as connection:
        for table in ("comment", "revision", "score", "decision"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608


def test_suggested_policy_catches_an_insult(database_url, key_for):
    key = key_for("score")
    caller = Caller(create_app({"DATABASE_URL": database_url}).test_client(), key)
    insult = caller.post("/v1/score", {"text": "انت حمار ومش بتفهم"}).get_json()
    assert insult["action"] != "approve"
    assert insult["policy"] == f"default-{insult['model']}"
    thanks = caller.post("/v1/score", {"text": APPROVED}).get_json()
    assert thanks["action"] == "approve"
