import threading
from urllib.parse import quote

import pytest
from service_samples import APPROVED, BANNED, SUSPECT
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.database import writing
from service.tables import Article, Comment, Decision


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


FULL = {
    "id": "c-1",
    "text": SUSPECT,
    "author": {"id": "u-7", "name": "سارة"},
    "article": {
        "id": "a-3",
        "title": "سوق الحرف",
        "url": "https://news.example/a-3",
        "section": "حرف",
    },
    "parent_id": "c-0",
    "created_at": "2026-11-23T12:30:00+03:00",
}


def test_new_comment_is_decided_and_stored(site, scorer):
    answer = site.post("/v1/comments", FULL)
    assert answer.status_code == 201
    body = answer.get_json()
    assert list(body["scores"]) == [
        "abusive",
        "severe",
        "insult",
        "obscene",
        "identity_hate",
        "threat",
    ]
    assert {name: body[name] for name in body if name != "scores"} == {
        "id": "c-1",
        "action": "review",
        "reasons": ["suspect_word"],
        "spans": [{"start": 7, "end": 12, "attribute": "suspect_word", "score": 1.0}],
        "model": scorer.version,
        "policy": "test-1",
    }


def test_stored_comment_tells_all_that_the_site_sent(site):
    site.post("/v1/comments", FULL)
    body = site.get("/v1/comments/c-1").get_json()
    assert body["text"] == SUSPECT
    assert body["author"] == FULL["author"]
    assert body["article"] == FULL["article"]
    assert body["parent_id"] == "c-0"
    assert body["created_at"] == "2026-11-23T09:30:00+00:00"
    assert [revision["text"] for revision in body["revisions"]] == [SUSPECT]
    assert [decision["source"] for decision in body["decisions"]] == ["list"]


def test_id_and_text_are_enough(site):
    answer = site.post("/v1/comments", {"id": "c-2", "text": APPROVED})
    assert (answer.status_code, answer.get_json()["action"]) == (201, "approve")
    body = site.get("/v1/comments/c-2").get_json()
    assert body["author"] == {"id": None, "name": None}
    assert body["article"] == {"id": None, "title": None, "url": None, "section": None}
    assert body["decisions"][0]["source"] == "model"


def test_null_stands_for_what_a_site_does_not_know(site):
    nothing = {"author": None, "article": None, "parent_id": None, "created_at": None}
    answer = site.post("/v1/comments", {"id": "c-2", "text": APPROVED} | nothing)
    assert answer.status_code == 201


def test_banned_word_rejects(site):
    assert site.post("/v1/comments", {"id": "1", "text": BANNED}).get_json()["action"] == "reject"


def test_same_comment_again_changes_nothing(site, engine):
    first = site.post("/v1/comments", FULL)
    again = site.post("/v1/comments", FULL)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.get_json() == first.get_json()
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Decision)) == 1


def test_edit_is_a_new_revision_and_decided_again(site):
    site.post("/v1/comments", FULL)
    edited = site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    assert (edited.status_code, edited.get_json()["action"]) == (200, "approve")
    body = site.get("/v1/comments/c-1").get_json()
    assert (body["text"], body["revision"]) == (APPROVED, 2)
    assert [(each["number"], each["text"]) for each in body["revisions"]] == [
        (1, SUSPECT),
        (2, APPROVED),
    ]
    assert [(each["revision"], each["action"]) for each in body["decisions"]] == [
        (1, "review"),
        (2, "approve"),
    ]


def test_edit_keeps_what_it_does_not_mention(site):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    body = site.get("/v1/comments/c-1").get_json()
    assert body["author"] == FULL["author"]
    assert body["article"] == FULL["article"]
    assert body["created_at"] == "2026-11-23T09:30:00+00:00"


def test_comments_under_one_article_share_it(site, engine):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", FULL | {"id": "c-9", "article": {"id": "a-3", "title": "عنوان جديد"}})
    with engine.connect() as connection:
        rows = connection.execute(select(Article.title, Article.url)).all()
    assert rows == [("عنوان جديد", "https://news.example/a-3")]


def test_moderator_decision_becomes_the_state(site):
    site.post("/v1/comments", FULL)
    answer = site.post(
        "/v1/comments/c-1/decisions",
        {"action": "reject", "reason": "off_topic", "note": "إعلان"},
    )
    assert answer.status_code == 201
    body = site.get("/v1/comments/c-1").get_json()
    assert (body["action"], body["reasons"]) == ("reject", ["off_topic"])
    last = body["decisions"][-1]
    assert (last["source"], last["by"], last["note"]) == ("moderator", "site", "إعلان")
    assert (last["policy"], last["revision"]) == ("test-1", 1)


def test_same_comment_again_after_a_decision_answers_that_decision(site):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments/c-1/decisions", {"action": "approve"})
    again = site.post("/v1/comments", FULL)
    assert (again.status_code, again.get_json()["action"]) == (200, "approve")


def test_decision_on_an_unknown_comment_is_404(site):
    answer = site.post("/v1/comments/none/decisions", {"action": "approve"})
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (404, "comment_not_found")
    assert site.get("/v1/comments/none").status_code == 404


@pytest.mark.parametrize(
    "name", ["https://news.example//a/1?c=2#3", "تعليق ١", "a/decisions", "..", " ", "%2F"]
)
def test_any_id_of_a_site_can_be_read_back(site, name):
    assert site.post("/v1/comments", {"id": name, "text": APPROVED}).status_code == 201
    path = f"/v1/comments/{quote(name, safe='')}"
    assert site.get(path).get_json()["id"] == name
    assert site.post(f"{path}/decisions", {"action": "reject"}).status_code == 201


def test_one_comment_sent_by_many_at_once_is_stored_once(site, engine):
    answers = []

    def send():
        answers.append(site.post("/v1/comments", FULL).status_code)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 7 + [201]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Decision)) == 1


@pytest.mark.parametrize(
    "statement",
    ["UPDATE decision SET action = 'approve'", "DELETE FROM decision"],
)
def test_decisions_cannot_be_changed(site, engine, statement):
    site.post("/v1/comments", FULL)
    with pytest.raises(DBAPIError, match="appended, never changed"), writing(engine) as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param("UPDATE comment SET action = 'maybe'", id="unknown-action"),
        pytest.param("UPDATE comment SET score = 1.5", id="score-above-1"),
        pytest.param("UPDATE comment SET article_id = 99", id="no-such-article"),
        pytest.param("DELETE FROM revision", id="revision-with-decisions"),
    ],
)
def test_database_keeps_its_rules_by_itself(site, engine, statement):
    site.post("/v1/comments", FULL)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        connection.execute(text(statement))


def test_state_on_the_comment_is_its_newest_decision(site, engine):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", {"id": "c-1", "text": BANNED})
    site.post("/v1/comments/c-1/decisions", {"action": "review"})
    with engine.connect() as connection:
        newest = connection.scalar(select(Decision.action).order_by(Decision.id.desc()).limit(1))
        assert connection.scalar(select(Comment.action)) == newest == "review"


def test_first_comments_of_an_article_may_arrive_at_once(site, engine):
    answers = []

    def send(number):
        comment = FULL | {"id": f"c-{number}"}
        answers.append(site.post("/v1/comments", comment).status_code)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 8
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Article)) == 1
