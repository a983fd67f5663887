"""A new model scores what is stored; what people decided stands, and live comments come first."""

import copy
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import pytest
from service_samples import APPROVED, BANNED, SUSPECT
from sqlalchemy import func, insert, select, update

from moderation import Action, Policy
from service import rescoring
from service.database import writing
from service.ingest import ingest, ingest_all
from service.moderators import Role
from service.queue import newest
from service.rescoring import RescoreReport, rescore
from service.schema import CommentIn
from service.state import EXTENSION
from service.tables import Claim, Comment, Decision, Revision, Score
from service.worker_command import _rescore

NEW = "99.1.0"


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def judge(app):
    return app.extensions[EXTENSION].judge


def newer(judge, **lists):
    """Return a judge with a model that finds all comments worse, and with other lists."""
    scorer = copy.copy(judge.scorer)
    scorer.version = NEW
    scorer._slope, scorer._intercept = scorer._slope / 2, scorer._intercept / 2
    scorer._compiled = None
    document = judge.policy.to_document() | {"version": "newer", "lists": lists}
    return replace(judge, scorer=scorer, policy=Policy.from_document(document))


@pytest.fixture
def add(engine, judge):
    def store(text, name="1", **known):
        ingest(engine, judge, CommentIn(id=name, text=text, **known))
        with engine.connect() as connection:
            return connection.scalar(select(Comment.id).where(Comment.external_id == name))

    return store


def state(engine, number):
    with engine.connect() as connection:
        row = connection.execute(select(Comment.__table__).where(Comment.id == number))
        return row.mappings().one()


def decisions(engine, number):
    query = select(Decision.action, Decision.source, Decision.model, Decision.policy)
    with engine.connect() as connection:
        rows = connection.execute(query.where(Decision.comment_id == number).order_by(Decision.id))
        return [tuple(row) for row in rows]


def models(engine):
    """Return the models of the scores of each comment, oldest first."""
    found = {}
    with engine.connect() as connection:
        query = select(Score.comment_id, Score.model).order_by(Score.id)
        for number, model in connection.execute(query):
            found.setdefault(number, []).append(model)
    return found


def test_scores_are_renewed_and_the_old_ones_kept(engine, judge, add):
    number, before = add(APPROVED), judge.scorer.version
    old = state(engine, number)
    assert rescore(engine, lambda: newer(judge)) == RescoreReport(scored=1)
    new = state(engine, number)
    assert models(engine) == {number: [before, NEW]}
    assert new["score"] > old["score"]
    assert new["score"] == max(new[name] for name in ("abusive", "severe", "insult"))
    assert new["uncertainty"] == pytest.approx(1 - abs(2 * new["score"] - 1))
    with engine.connect() as connection:
        assert newest(connection, Score, [number])[number]["scores"]["abusive"] == new["abusive"]


def test_the_machine_decides_anew_on_what_it_sent_to_the_queue(engine, judge, add):
    number = add(SUSPECT)
    assert state(engine, number)["action"] == "review"
    assert rescore(engine, lambda: newer(judge)).decided == 1
    assert state(engine, number)["action"] == "approve"
    assert decisions(engine, number)[-1] == ("approve", "model", NEW, "newer")


def test_what_stays_in_the_queue_gets_no_second_decision(engine, judge, add):
    number = add(SUSPECT)
    again = newer(judge, suspect=["غربال"])
    assert rescore(engine, lambda: again) == RescoreReport(scored=1)
    assert len(decisions(engine, number)) == 1


@pytest.mark.parametrize("reopen", [False, True])
def test_what_a_moderator_decided_stands(engine, judge, add, site, reopen):
    number = add(SUSPECT)
    answer = site.post("/v1/comments/1/decisions", {"action": "approve"})
    assert answer.status_code == 201
    harsh = newer(judge, banned=["غربال"])
    assert rescore(engine, lambda: harsh, reopen=reopen) == RescoreReport(scored=1)
    assert state(engine, number)["action"] == "approve"


def test_what_was_decided_elsewhere_stands(engine, judge):
    comment = CommentIn(id="1", text=SUSPECT)
    ingest_all(engine, judge, [comment], actions=[Action.REVIEW])
    assert rescore(engine, lambda: newer(judge)) == RescoreReport(scored=1)
    with engine.connect() as connection:
        assert connection.scalar(select(Comment.action)) == "review"


def test_what_is_published_stays_so(engine, judge, add):
    number = add(APPROVED)
    harsh = newer(judge, banned=["المقال"])
    assert rescore(engine, lambda: harsh) == RescoreReport(scored=1)
    assert state(engine, number)["action"] == "approve"


def test_what_is_published_goes_to_the_queue_where_that_is_wanted(engine, judge, add):
    number = add(APPROVED)
    harsh = newer(judge, banned=["المقال"])
    assert rescore(engine, lambda: harsh, reopen=True).decided == 1
    # Not to be rejected unseen.
    assert decisions(engine, number)[-1][:2] == ("review", "list")
    assert state(engine, number)["action"] == "review"


def test_what_is_rejected_is_not_published_unseen(engine, judge, add):
    number = add(BANNED)
    assert rescore(engine, lambda: newer(judge), reopen=True) == RescoreReport(scored=1)
    assert state(engine, number)["action"] == "reject"


def test_a_comment_before_a_moderator_is_not_decided_on(engine, judge, add, person_for):
    number, person = add(SUSPECT), person_for(Role.MODERATOR)
    until = datetime.now(UTC) + timedelta(minutes=5)
    with writing(engine) as connection:
        connection.execute(
            insert(Claim).values(comment_id=number, moderator_id=person.id, expires_at=until)
        )
    assert rescore(engine, lambda: newer(judge)) == RescoreReport(scored=1)
    assert state(engine, number)["action"] == "review"


def test_deleted_comments_have_nothing_to_score(engine, judge, add):
    number = add(APPROVED)
    with writing(engine) as connection:
        connection.execute(update(Revision).values(text=""))
    assert rescore(engine, lambda: newer(judge)) == RescoreReport()
    assert models(engine) == {number: [judge.scorer.version]}


def test_an_edit_meanwhile_keeps_its_own_scores(engine, judge, add):
    number, other = add(APPROVED), newer(judge)
    texts = []

    def edit_first(judgements):
        if not texts:
            texts.append(APPROVED + " جدا")
            ingest(engine, judge, CommentIn(id="1", text=texts[0]))

    slow = replace(other, observe=edit_first)
    assert rescore(engine, lambda: slow) == RescoreReport(passed_over=1)
    assert models(engine) == {number: [judge.scorer.version] * 2}
    assert rescore(engine, lambda: slow) == RescoreReport(scored=1)


def test_a_run_that_was_broken_off_goes_on(engine, judge, monkeypatch):
    monkeypatch.setattr(rescoring, "_STEP", 3)
    monkeypatch.setattr(rescoring, "_WINDOW", 5)
    comments = [CommentIn(id=str(i), text=f"{APPROVED} {i}") for i in range(17)]
    ingest_all(engine, judge, comments)
    steps = iter([False] * 6 + [True] * 9)
    first = rescore(engine, lambda: newer(judge), stopped=lambda: next(steps))
    assert 0 < first.scored < 17
    seen = []
    second = rescore(engine, lambda: newer(judge), progress=seen.append)
    assert first.scored + second.scored == 17
    assert len(seen) == 4
    assert all(found == [judge.scorer.version, NEW] for found in models(engine).values())
    assert rescore(engine, lambda: newer(judge)) == RescoreReport()


def test_two_runs_at_once_score_nothing_twice(engine, judge, monkeypatch):
    monkeypatch.setattr(rescoring, "_STEP", 5)
    comments = [CommentIn(id=str(i), text=f"{APPROVED} {i}") for i in range(60)]
    ingest_all(engine, judge, comments)
    runs = [Thread(target=rescore, args=(engine, lambda: newer(judge))) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert all(found == [judge.scorer.version, NEW] for found in models(engine).values())


def test_live_comments_are_taken_meanwhile(engine, judge):
    comments = [CommentIn(id=str(i), text=f"{APPROVED} {i}") for i in range(1_000)]
    ingest_all(engine, judge, comments)
    run = Thread(target=rescore, args=(engine, lambda: newer(judge)))
    run.start()
    taken = 0
    while run.is_alive():
        ingest(engine, judge, CommentIn(id=f"live {taken}", text=f"{APPROVED} {taken}"))
        taken += 1
    assert taken > 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(Comment)) == 1_000 + taken


def test_it_ends_where_comments_come_faster_than_it_works(engine, judge, add, monkeypatch):
    monkeypatch.setattr(rescoring, "_WINDOW", 2)
    stored = [add(SUSPECT, str(i)) for i in range(5)]
    late = []

    def asked():
        if len(late) == 100:
            pytest.fail("the run goes on and on")
        late.append(add(SUSPECT, f"live {len(late)}"))
        return newer(judge)

    assert rescore(engine, asked).scored == 5
    found = models(engine)
    assert all(found[number][-1] == NEW for number in stored)
    assert all(found[number] == [judge.scorer.version] for number in late)


def test_the_worker_does_it_beside_its_work(engine, judge, add):
    number = add(SUSPECT)

    class Judges:
        def get(self):
            return newer(judge)

    # In a thread, as the worker does: it lowers the priority of the one that it runs in.
    beside = Thread(target=_rescore, args=(engine, Judges(), Event()))
    beside.start()
    beside.join()
    assert models(engine)[number][-1] == NEW


@pytest.fixture
def stored(engine, judge, monkeypatch, database_url):
    """A database of comments that another model has scored, and the settings of a command."""
    comments = [CommentIn(id=str(i), text=f"{APPROVED} {i}") for i in range(600)]
    ingest_all(engine, newer(judge), comments)
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", database_url)


def test_the_command_tells_what_it_did(stored):
    command = [sys.executable, "-m", "service.cli", "rescore"]
    runs = [subprocess.run(command, capture_output=True, text=True) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0]
    assert "600 scored, 0 decided anew, 0 passed over" in runs[0].stderr
    assert "0 scored, 0 decided anew" in runs[1].stderr


@pytest.mark.slow
def test_a_killed_command_leaves_no_comment_out_and_none_twice(stored, engine, judge):
    command = [sys.executable, "-m", "service.cli", "rescore"]
    for share in (0, 150, 350):
        process = subprocess.Popen(command, env=os.environ, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while _rescored(engine, judge) <= share and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert subprocess.run(command, env=os.environ, capture_output=True).returncode == 0
    assert list(models(engine).values()) == [[NEW, judge.scorer.version]] * 600


def _rescored(engine, judge):
    with engine.connect() as connection:
        query = select(func.count()).select_from(Score)
        return connection.scalar(query.where(Score.model == judge.scorer.version))
