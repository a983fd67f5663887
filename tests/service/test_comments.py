import threading
from dataclasses import replace
from urllib.parse import quote

import pytest
from service_samples import APPROVED, BANNED, SUSPECT
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from service.database import writing
from service.ingest import ingest_all
from service.schema import AuthorIn, CommentIn
from service.state import EXTENSION
from service.storing import Incoming, store
from service.tables import DEFAULT_SITE, Article, Comment, Decision, Score


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


def send_each(site, *comments):
    return [site.post("/v1/comments", each) for each in comments]


def send_together(site, *comments):
    return [site.post("/v1/comments", {"comments": list(comments)})]


@pytest.fixture(params=[send_each, send_together], ids=["singly", "batch"])
def send(request, site):
    return lambda *comments: request.param(site, *comments)


MOVED = {
    "author": {"id": "u-8", "name": "سلمى"},
    "article": {"id": "a-4", "title": "سوق", "url": "https://news.example/a-4", "section": "سوق"},
    "parent_id": "c-7",
    "created_at": "2026-11-24T09:30:00+00:00",
}


def test_same_text_again_brings_what_the_site_says_now(site, engine, send):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", {"id": "c-2", "text": APPROVED})
    site.post("/v1/comments/c-1/decisions", {"action": "approve"})
    both = [FULL | MOVED, {"id": "c-2", "text": APPROVED} | MOVED]
    assert {answer.status_code for answer in send(*both)} == {200}
    for name, decisions in (("c-1", 2), ("c-2", 1)):
        body = site.get(f"/v1/comments/{name}").get_json()
        assert {field: body[field] for field in MOVED} == MOVED
        assert (body["revision"], len(body["decisions"]), body["action"]) == (
            1,
            decisions,
            "approve",
        )
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Score)) == 2


def test_same_text_again_keeps_what_it_does_not_mention(site, send):
    site.post("/v1/comments", FULL)
    nothing = {"author": {"name": ""}, "article": {"id": "a-3", "title": "", "url": ""}}
    send(
        {"id": "c-1", "text": SUSPECT},
        {"id": "c-1", "text": SUSPECT} | nothing,
        {"id": "c-1", "text": SUSPECT, "author": {"name": "سارا"}},
    )
    body = site.get("/v1/comments/c-1").get_json()
    assert body["author"] == {"id": "u-7", "name": "سارا"}
    assert body["article"] == FULL["article"]
    assert (body["parent_id"], body["created_at"]) == ("c-0", "2026-11-23T09:30:00+00:00")


def test_batch_follows_one_comment_through_its_texts(site):
    site.post("/v1/comments", FULL)
    same = {"id": "c-1", "text": SUSPECT}
    batch = [same, {"id": "c-1", "text": APPROVED}, same | {"author": {"name": "سارا"}}]
    results = site.post("/v1/comments", {"comments": batch}).get_json()["results"]
    assert [each["action"] for each in results] == ["review", "approve", "review"]
    body = site.get("/v1/comments/c-1").get_json()
    assert (body["revision"], body["author"]["name"]) == (3, "سارا")


def test_same_text_again_is_not_scored(app, engine):
    scored = []
    state = app.extensions[EXTENSION]
    judge = replace(state.judge, observe=scored.extend)
    comments = [CommentIn(id=f"c-{number}", text=SUSPECT) for number in range(3)]
    ingest_all(engine, judge, comments)
    assert len(scored) == 3
    named = [each.model_copy(update={"author": AuthorIn(id="u-1")}) for each in comments]
    new = CommentIn(id="c-3", text=APPROVED)
    stored = ingest_all(engine, judge, [named[0], new, *named[1:]])
    assert [created for _, created in stored] == [False, True, False, False]
    assert len(scored) == 4


def test_text_that_was_edited_meanwhile_is_scored_after_all(site, app, engine):
    site.post("/v1/comments", FULL)
    judge = app.extensions[EXTENSION].judge
    with writing(engine) as connection:
        incoming = [Incoming(CommentIn(id="c-1", text=APPROVED), None)]
        [stored], [decision] = store(connection, incoming, judge=judge, site_id=DEFAULT_SITE)
    assert (stored[0]["action"], stored[1], decision["revision"]) == ("approve", False, 2)


def test_what_is_known_already_needs_no_write(site, engine, send):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", FULL | {"id": "c-2"})
    with writing(engine):
        # SQLite has one writer at a time, PostgreSQL one for each row.
        assert {answer.status_code for answer in send(FULL, FULL | {"id": "c-2"})} == {200}


@pytest.mark.parametrize(
    "article", [{"section": "رياضة"}, {"id": "", "title": "", "url": "", "section": "رياضة"}]
)
def test_section_is_kept_without_an_article(site, article):
    comment = {"id": "c-1", "text": SUSPECT}
    site.post("/v1/comments", comment | {"article": article})
    stored = {"id": None, "title": None, "url": None, "section": "رياضة"}
    assert site.get("/v1/comments/c-1").get_json()["article"] == stored
    queue = site.get("/v1/queue", query_string={"section": "رياضة"}).get_json()
    assert [each["id"] for each in queue["comments"]] == ["c-1"]
    site.post("/v1/comments", comment | {"article": {"section": "ثقافة"}})
    assert site.get("/v1/comments/c-1").get_json()["article"]["section"] == "ثقافة"


def test_empty_strings_erase_nothing(site):
    site.post("/v1/comments", FULL)
    nothing = {"author": {"id": "", "name": ""}, "article": {"id": "a-3", "title": "", "url": ""}}
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED} | nothing)
    body = site.get("/v1/comments/c-1").get_json()
    assert body["author"] == FULL["author"]
    assert body["article"] == FULL["article"]


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


def test_decision_on_a_text_that_was_edited_since_is_refused(site):
    site.post("/v1/comments", FULL)
    site.post("/v1/comments", {"id": "c-1", "text": BANNED})
    path, approval = "/v1/comments/c-1/decisions", {"action": "approve"}
    for read in (1, 3):
        answer = site.post(path, approval | {"revision": read})
        error = answer.get_json()["error"]
        assert (answer.status_code, error["type"]) == (409, "comment_edited")
        assert error["field"] == "revision"
    assert site.get("/v1/comments/c-1").get_json()["action"] == "reject"
    assert site.post(path, approval | {"revision": 2}).status_code == 201
    assert site.post(path, approval).get_json()["revision"] == 2


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
    "name",
    [
        "https://news.example//a/1?c=2#3",
        "تعليق ١",
        "a/decisions",
        "...",
        " ",
        "%2F",
        "a\nb",
        "a\n",
        "\n",
    ],
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
