from datetime import UTC, datetime

import pytest
from service_samples import APPROVED, SUSPECT
from sqlalchemy import text

from moderation import Action
from service.actors import in_person
from service.answers import BulkAnswer
from service.batches import Bulk, decide_matching, decide_selected, preview, undo_batch
from service.claims import claim_one
from service.desk import Move, Wish, act, undo
from service.moderators import Role
from service.schema import QueueFilter

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
REJECT = Bulk(Action.REJECT, "spam", "the same everywhere")


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def waiting(site, engine):
    """Put five comments into review, 1 to 3 about books."""
    for number in range(1, 6):
        more = "والكتاب" if number <= 3 else "أمس"
        site.post("/v1/comments", {"id": f"c-{number}", "text": f"{SUSPECT} {more}"})
    return site


@pytest.fixture
def sara(person_for):
    return person_for(Role.MODERATOR, "sara")


@pytest.fixture
def omar(person_for):
    return person_for(Role.MODERATOR, "omar")


BOOKS = QueueFilter(search="كتاب")


def actions(site):
    return [site.get(f"/v1/comments/c-{number}").get_json()["action"] for number in range(1, 6)]


def test_filter_is_tried_out_before_it_decides(waiting, engine, sara):
    with engine.connect() as connection:
        tried = preview(connection, in_person(sara), BOOKS)
    assert (tried.count, tried.up_to) == (3, 5)
    assert {row["external_id"] for row in tried.sample} == {"c-1", "c-2", "c-3"}
    assert actions(waiting) == ["review"] * 5


def test_filter_decides_on_what_it_leaves(waiting, engine, sara):
    done = decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    assert (sorted(done.decided), done.passed_over, done.left) == ([1, 2, 3], 0, 0)
    assert actions(waiting) == ["reject"] * 3 + ["review"] * 2
    last = waiting.get("/v1/comments/c-2").get_json()["decisions"][-1]
    assert (last["by"], last["reasons"], last["note"]) == ("sara", ["spam"], "the same everywhere")
    assert last["batch_id"] == done.batch_id


def test_what_came_in_after_the_trial_is_left_alone(waiting, engine, sara):
    done = decide_matching(engine, in_person(sara), BOOKS, up_to=2, bulk=REJECT)
    assert sorted(done.decided) == [1, 2]


def test_what_others_hold_or_changed_is_passed_over(waiting, engine, sara, omar):
    claim_one(engine, omar, 1)
    waiting.post("/v1/comments", {"id": "c-2", "text": f"{SUSPECT} غدا"})
    waiting.post("/v1/comments/c-3/decisions", {"action": "approve"})
    chosen = [(number, 1) for number in range(1, 6)]
    done = decide_selected(engine, in_person(sara), chosen, bulk=REJECT)
    assert (done.decided, done.passed_over) == ([4, 5], 3)


def test_escalated_comments_are_passed_over_but_by_leads(waiting, engine, sara, person_for):
    act(engine, sara, Wish(1, 1, Move.ESCALATE))
    chosen = [(1, 1), (2, 1)]
    assert decide_selected(engine, in_person(sara), chosen, bulk=REJECT).decided == [2]
    lead = in_person(person_for(Role.LEAD))
    assert decide_selected(engine, lead, chosen, bulk=REJECT).decided == [1]


def test_step_beyond_the_limit_tells_what_is_left(waiting, engine, sara, monkeypatch):
    monkeypatch.setattr("service.batches.BATCH_LIMIT", 2)
    done = decide_matching(engine, in_person(sara), QueueFilter(), up_to=5, bulk=REJECT)
    assert (len(done.decided), done.left) == (2, 3)


def test_step_is_taken_back_in_one(waiting, engine, sara):
    done = decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    assert undo_batch(engine, in_person(sara), done.batch_id, since=LONG_AGO) == [1, 2, 3]
    assert actions(waiting) == ["review"] * 5
    trail = waiting.get("/v1/comments/c-1").get_json()["decisions"]
    assert [each["action"] for each in trail] == ["review", "reject", "review"]
    assert trail[-1]["reasons"] == ["suspect_word"]
    assert undo_batch(engine, in_person(sara), done.batch_id, since=LONG_AGO) == []


def test_undo_leaves_what_was_decided_or_edited_since(waiting, engine, sara):
    done = decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    waiting.post("/v1/comments/c-1/decisions", {"action": "approve"})
    waiting.post("/v1/comments", {"id": "c-2", "text": APPROVED})
    assert undo_batch(engine, in_person(sara), done.batch_id, since=LONG_AGO) == [3]


def test_step_of_another_is_taken_back_by_leads_only(waiting, engine, sara, omar, person_for):
    done = decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    assert undo_batch(engine, in_person(omar), done.batch_id, since=LONG_AGO) == []
    lead = in_person(person_for(Role.LEAD))
    assert undo_batch(engine, lead, done.batch_id, since=LONG_AGO) == [1, 2, 3]


def test_key_for_undo_takes_back_the_whole_step(waiting, engine, sara):
    act(engine, sara, Wish(5, 1, Move.APPROVE))
    decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    assert undo(engine, sara) == 1
    assert actions(waiting) == ["review"] * 4 + ["approve"]
    assert undo(engine, sara) == 5
    assert undo(engine, sara) is None


def test_key_for_undo_passes_over_a_step_of_which_nothing_stands(waiting, engine, sara):
    act(engine, sara, Wish(5, 1, Move.APPROVE))
    decide_matching(engine, in_person(sara), BOOKS, up_to=5, bulk=REJECT)
    for number in (1, 2, 3):
        waiting.post("/v1/comments", {"id": f"c-{number}", "text": APPROVED})
    assert undo(engine, sara) == 5


def test_programs_decide_in_bulk_too(waiting):
    wanted = {"action": "reject", "reason": "spam", "filter": {"search": "كتاب"}}
    tried = waiting.post("/v1/queue/decisions", wanted).get_json()
    assert (tried["count"], tried["up_to"]) == (3, 5)
    done = waiting.post("/v1/queue/decisions", wanted | {"up_to": 5}).get_json()
    assert (done["decided"], done["passed_over"], done["left"]) == (3, 0, 0)
    undone = waiting.post(f"/v1/batches/{done['batch_id']}/undo", {}).get_json()
    assert undone == {"undone": 3}
    assert waiting.post("/v1/batches/unknown/undo", {}).status_code == 404


def test_programs_name_comments_with_the_revision_that_was_read(waiting):
    chosen = [
        {"id": "c-1", "revision": 1},
        {"id": "c-2", "revision": 2},
        {"id": "x", "revision": 1},
    ]
    wanted = {"action": "approve", "comments": chosen}
    done = waiting.post("/v1/queue/decisions", wanted).get_json()
    assert (done["decided"], done["passed_over"]) == (1, 2)


def test_step_that_decides_nothing_has_nothing_to_take_back(waiting):
    nobody = {"action": "approve", "comments": [{"id": "x", "revision": 1}]}
    done = waiting.post("/v1/queue/decisions", nobody).get_json()
    assert done == {"batch_id": None, "decided": 0, "passed_over": 1, "left": 0}
    BulkAnswer.model_validate(done)


@pytest.mark.parametrize(
    "body",
    [
        {"action": "approve"},
        {"action": "review", "filter": {}},
        {"action": "approve", "filter": {}, "comments": [{"id": "c-1", "revision": 1}]},
        {"action": "approve", "comments": [{"id": "c-1", "revision": 1}], "up_to": 3},
        {"action": "approve", "filter": {"colour": "red"}},
    ],
)
def test_bulk_decision_that_is_not_clear_is_refused(waiting, body):
    assert waiting.post("/v1/queue/decisions", body).status_code == 400


def test_comments_can_be_sent_in_batches(site):
    batch = [
        {"id": "c-1", "text": SUSPECT},
        {"id": "c-2", "text": ""},
        {"id": "c-1", "text": APPROVED},
    ]
    results = site.post("/v1/comments", {"comments": batch}).get_json()["results"]
    assert [each.get("action") for each in results] == ["review", None, "approve"]
    assert results[1]["error"]["field"] == "comments.1.text"
    assert site.get("/v1/comments/c-1").get_json()["revision"] == 2


def test_database_keeps_batches_apart(waiting, engine):
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(batch_id) FROM decision")) == 0
