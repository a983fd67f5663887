import threading
from datetime import UTC, datetime, timedelta

import pytest
from service_samples import APPROVED, SUSPECT
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from service.claims import claim_next, claim_one, count_visible, previous
from service.database import writing
from service.desk import Move, Refusal, Wish, act, undo
from service.moderators import Role
from service.samples import put_samples, remove_samples
from service.state import EXTENSION
from service.tables import Article, Claim, Comment, Decision, Sample, Skip


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def waiting(site, engine):
    """Put three comments into review: 3 has the highest score, then 2, then 1."""
    for number in (1, 2, 3):
        site.post("/v1/comments", {"id": f"c-{number}", "text": SUSPECT})
    with engine.begin() as connection:
        connection.execute(text("UPDATE comment SET score = id / 10.0"))
    return site


@pytest.fixture
def sara(person_for):
    return person_for(Role.MODERATOR, "sara")


@pytest.fixture
def omar(person_for):
    return person_for(Role.MODERATOR, "omar")


@pytest.fixture
def lead(person_for):
    return person_for(Role.LEAD, "lead")


def state(site, number):
    return site.get(f"/v1/comments/c-{number}").get_json()


def test_first_comment_is_that_of_the_highest_score(waiting, engine, sara):
    assert claim_next(engine, sara) == 3


def test_claimed_comment_is_not_offered_to_another(waiting, engine, sara, omar):
    assert claim_next(engine, sara) == 3
    assert claim_next(engine, omar) == 2
    assert claim_next(engine, sara) == 3
    assert not claim_one(engine, omar, 3)


def test_expired_claim_is_free(waiting, engine, sara, omar):
    claim_next(engine, sara)
    with writing(engine) as connection:
        connection.execute(update(Claim).values(expires_at=datetime.now(UTC)))
    assert claim_next(engine, omar) == 3
    assert not claim_one(engine, sara, 3)


def test_leafing_goes_on_and_back(waiting, engine, sara):
    assert [claim_next(engine, sara), claim_next(engine, sara, after=3)] == [3, 2]
    with engine.connect() as connection:
        assert previous(connection, sara, before=2) == 3
        assert previous(connection, sara, before=3) is None
    assert claim_next(engine, sara, after=1) is None


def test_many_at_once_never_hold_the_same_comment(site, engine, person_for):
    for number in range(24):
        site.post("/v1/comments", {"id": f"c-{number}", "text": SUSPECT})
    people = [person_for(Role.MODERATOR) for _ in range(6)]
    decided = []

    def work(person):
        while (number := claim_next(engine, person)) is not None:
            refusal = act(engine, person, Wish(number, 1, Move.APPROVE))
            decided.append((number, refusal))

    threads = [threading.Thread(target=work, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(decided) == [(number, None) for number in range(1, 25)]


@pytest.mark.parametrize(
    ("move", "reason", "action", "reasons"),
    [
        (Move.APPROVE, None, "approve", []),
        (Move.REJECT, "insult", "reject", ["insult"]),
        (Move.ESCALATE, None, "review", ["escalated"]),
    ],
)
def test_move_becomes_a_decision_in_the_name_of_the_moderator(
    waiting, engine, sara, move, reason, action, reasons
):
    assert act(engine, sara, Wish(3, 1, move, reason, "seen")) is None
    decision = state(waiting, 3)["decisions"][-1]
    assert (decision["action"], decision["reasons"]) == (action, reasons)
    assert (decision["source"], decision["by"], decision["note"]) == ("moderator", "sara", "seen")
    assert decision["policy"] == "test-1"


def test_skipped_comment_comes_back_after_an_hour(waiting, engine, sara, omar):
    act(engine, sara, Wish(3, 1, Move.SKIP))
    assert claim_next(engine, sara) == 2
    assert claim_next(engine, omar) == 3
    act(engine, omar, Wish(3, 1, Move.SKIP))
    with writing(engine) as connection:
        past = datetime.now(UTC) - timedelta(hours=2)
        connection.execute(update(Skip).values(created_at=past))
    assert claim_next(engine, sara) == 3


def test_escalated_comment_is_for_leads(waiting, engine, sara, lead):
    act(engine, sara, Wish(3, 1, Move.ESCALATE))
    assert claim_next(engine, sara) == 2
    assert act(engine, sara, Wish(3, 1, Move.APPROVE)) is Refusal.FOR_LEADS
    assert claim_next(engine, lead) == 3
    assert act(engine, lead, Wish(3, 1, Move.APPROVE)) is None


def test_comment_that_another_holds_is_refused(waiting, engine, sara, omar):
    claim_next(engine, sara)
    assert act(engine, omar, Wish(3, 1, Move.APPROVE)) is Refusal.HELD


def test_decided_comment_is_refused(waiting, engine, sara):
    waiting.post("/v1/comments/c-3/decisions", {"action": "reject"})
    assert act(engine, sara, Wish(3, 1, Move.APPROVE)) is Refusal.DECIDED


def test_comment_edited_meanwhile_is_refused(waiting, engine, sara):
    waiting.post("/v1/comments", {"id": "c-3", "text": f"{SUSPECT} اليوم"})
    assert act(engine, sara, Wish(3, 1, Move.APPROVE)) is Refusal.CHANGED
    assert act(engine, sara, Wish(9, 1, Move.APPROVE)) is Refusal.GONE


def test_undo_is_a_new_decision_and_brings_the_comment_back(waiting, engine, sara):
    act(engine, sara, Wish(3, 1, Move.REJECT, "insult"))
    assert undo(engine, sara) == 3
    trail = [each["action"] for each in state(waiting, 3)["decisions"]]
    assert trail == ["review", "reject", "review"]
    assert state(waiting, 3)["reasons"] == ["suspect_word"]
    assert claim_next(engine, sara) == 3


def test_undo_goes_back_step_by_step(waiting, engine, sara):
    for number, move in ((3, Move.APPROVE), (2, Move.SKIP), (1, Move.ESCALATE)):
        act(engine, sara, Wish(number, 1, move))
    assert [undo(engine, sara) for _ in range(4)] == [1, 2, 3, None]
    assert [state(waiting, number)["action"] for number in (1, 2, 3)] == ["review"] * 3
    assert claim_next(engine, sara) == 3


def test_undo_leaves_what_others_decided(waiting, engine, sara, omar):
    act(engine, sara, Wish(3, 1, Move.APPROVE))
    waiting.post("/v1/comments/c-3/decisions", {"action": "reject"})
    assert undo(engine, sara) is None
    assert undo(engine, omar) is None
    assert state(waiting, 3)["action"] == "reject"


@pytest.mark.parametrize("followed_by", ["report", "edit"])
def test_undo_passes_over_what_readers_have_brought_back(waiting, engine, sara, followed_by):
    for number in (1, 2, 3):
        act(engine, sara, Wish(number, 1, Move.APPROVE))
    if followed_by == "report":
        waiting.post("/v1/comments/c-3/flags", {"reason": "إهانة"})
    else:
        waiting.post("/v1/comments", {"id": "c-3", "text": f"{SUSPECT} غربال آخر"})
    before = state(waiting, 3)["decisions"]
    assert [undo(engine, sara) for _ in range(3)] == [2, 1, None]
    assert state(waiting, 3)["decisions"] == before


def test_undo_ends_after_half_an_hour(waiting, engine, sara, monkeypatch):
    act(engine, sara, Wish(3, 1, Move.APPROVE))
    monkeypatch.setattr("service.desk.UNDO_TIME", timedelta(0))
    assert undo(engine, sara) is None


def test_decision_by_key_and_by_person_at_once_is_refused_by_the_database(waiting, engine, sara):
    act(engine, sara, Wish(3, 1, Move.APPROVE))
    columns = "comment_id, revision, action, reasons, source, model, policy, created_at"
    copied = f"INSERT INTO decision ({columns}, api_key_id, moderator_id) SELECT {columns}, "
    for made_by in ("1, moderator_id", "NULL, NULL"):
        with pytest.raises(DBAPIError), engine.begin() as connection:
            connection.execute(text(f"{copied} {made_by} FROM decision WHERE undoes IS NULL"))


def test_samples_go_without_a_trace_and_real_decisions_stay(app, site, engine, sara):
    judge = app.extensions[EXTENSION].judge
    assert dict(judge.policy.thresholds) == {}  # no score decides here, only the list does
    assert put_samples(engine, judge)
    assert site.get("/v1/queue").get_json()["counts"]["review"] == 12
    assert not put_samples(engine, judge)
    site.post("/v1/comments", {"id": "real", "text": APPROVED})
    act(engine, sara, Wish(1, 1, Move.APPROVE))
    undo(engine, sara)
    with writing(engine) as connection:
        remove_samples(connection)
    with engine.connect() as connection:
        for table, left in ((Comment, 1), (Decision, 1), (Article, 0), (Sample, 0)):
            assert connection.scalar(select(func.count()).select_from(table)) == left
    for statement in ("DELETE FROM decision", "UPDATE decision SET note = 'x'"):
        with pytest.raises(DBAPIError, match="never changed"), engine.begin() as connection:
            connection.execute(text(statement))


def test_decisions_name_what_they_undo(waiting, engine, sara):
    act(engine, sara, Wish(3, 1, Move.APPROVE))
    undo(engine, sara)
    with engine.connect() as connection:
        rows = connection.execute(
            Decision.__table__.select().where(Decision.comment_id == 3)
        ).mappings()
        made = [(row["id"], row["undoes"]) for row in rows]
    assert made[-1][1] == made[-2][0]


def test_moderators_count_what_they_may_decide_on(waiting, engine, sara, lead):
    act(engine, sara, Wish(3, 1, Move.ESCALATE))
    with engine.connect() as connection:
        assert count_visible(connection, sara) == 2
        assert count_visible(connection, lead) == 3
