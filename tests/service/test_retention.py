import time
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from receiving import Receiver
from service_samples import APPROVED, BANNED, SUSPECT
from sqlalchemy import text

from moderation import Action
from service.cli import ghirbal
from service.database import writing
from service.outbox import DECIDED, EVENTS
from service.retention import Retention, count_due, remove_due
from service.tables import DEFAULT_SITE
from service.webhooks import add_webhook
from service.worker import Worker

COMMENTS = (("published", APPROVED), ("waits", SUSPECT), ("rejected", BANNED))
LATER = datetime.now(UTC) + timedelta(days=31)


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def filled(site):
    for name, body in COMMENTS:
        author = {"id": f"u-{name}", "name": "نبيل"}
        site.post("/v1/comments", {"id": name, "text": body, "author": author})
    return site


def texts(site):
    bodies = {name: site.get(f"/v1/comments/{name}").get_json() for name, _ in COMMENTS}
    return {name: body["text"] for name, body in bodies.items()}


def test_what_is_not_limited_is_kept_for_good(filled, engine):
    assert remove_due(engine, Retention(), LATER + timedelta(days=10_000)) == {}
    assert texts(filled) == dict(COMMENTS)


@pytest.mark.parametrize(
    ("retention", "gone"),
    [
        (Retention(approve=30), {"published"}),
        (Retention(review=30), {"waits"}),
        (Retention(reject=30), {"rejected"}),
        (Retention(approve=32, reject=31), set()),
        (Retention(1, 1, 1), {"published", "waits", "rejected"}),
    ],
)
def test_each_state_has_its_days(filled, engine, retention, gone):
    with engine.connect() as connection:
        due = count_due(connection, retention, LATER)
    assert texts(filled) == dict(COMMENTS)
    assert remove_due(engine, retention, LATER) == due
    assert {name for name, body in texts(filled).items() if not body} == gone
    assert sum(due.values()) == len(gone)


def test_text_name_and_id_go_and_the_decisions_stay(filled, engine):
    remove_due(engine, Retention(approve=30), LATER)
    body = filled.get("/v1/comments/published").get_json()
    assert body["author"] == {"id": None, "name": None}
    assert body["deletion"]["requested_by"] == "retention"
    assert [each["action"] for each in body["decisions"]] == ["approve"]
    again = filled.post("/v1/comments", {"id": "published", "text": "نص آخر"})
    assert again.status_code == 410


def test_days_are_counted_from_the_last_decision(filled, engine):
    with writing(engine) as connection:
        early = datetime.now(UTC) - timedelta(days=40)
        connection.execute(text("UPDATE comment SET received_at = :at"), {"at": early})
    now = datetime.now(UTC)
    assert remove_due(engine, Retention(approve=30), now) == {Action.APPROVE: 0}


def test_what_waits_is_rejected_and_only_of_that_the_site_is_told(filled, engine):
    receiver = Receiver()
    with writing(engine) as connection:
        add_webhook(connection, receiver.url(), events=EVENTS, secret="s", site_id=DEFAULT_SITE)
    remove_due(engine, Retention(1, 1, 1), LATER)
    Worker(engine, private=True).run_once()
    told = [(each["comment"], each["event"], each["reasons"]) for each in receiver.got]
    receiver.close()
    assert told == [("waits", DECIDED, ["retention"])]
    assert filled.get("/v1/queue").get_json()["comments"] == []


def test_many_are_removed_step_by_step(site, engine, monkeypatch):
    monkeypatch.setattr("service.retention._STEP", 2)
    batch = [{"id": str(number), "text": APPROVED} for number in range(5)]
    site.post("/v1/comments", {"comments": batch})
    assert remove_due(engine, Retention(approve=1), LATER) == {Action.APPROVE: 5}
    assert remove_due(engine, Retention(approve=1), LATER) == {Action.APPROVE: 0}
    with engine.connect() as connection:
        noted = connection.scalars(text("SELECT subject FROM audit WHERE action LIKE 'removed%'"))
        assert noted.all() == ["2 comments: approve", "2 comments: approve", "1 comments: approve"]


def test_removal_stops_when_it_is_told_to(filled, engine):
    assert remove_due(engine, Retention(1, 1, 1), LATER, go_on=lambda: False) == dict.fromkeys(
        Action, 0
    )
    assert texts(filled) == dict(COMMENTS)


class Later:
    @staticmethod
    def now(_zone):
        return LATER


def test_worker_removes_what_is_due(filled, engine, monkeypatch):
    monkeypatch.setattr("service.worker.datetime", Later)
    Worker(engine, retention=Retention(reject=30)).run_once()
    assert {name for name, body in texts(filled).items() if not body} == {"rejected"}


def test_worker_tells_of_whatever_keeps_it_from_removing(filled, engine, caplog):
    worker = Worker(engine, retention=Retention(reject=999_999))
    worker.run_once()
    [line] = caplog.records
    assert (line.name, line.levelname) == ("service.worker", "ERROR")
    assert "retention: OverflowError" in line.message
    # Tried again in a minute, not tomorrow.
    assert worker._removed_at + 86_400 < time.monotonic() + 61


def test_command_tries_out_and_removes(filled, database_url):
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": database_url}).invoke
    assert "nothing is ever removed" in run(ghirbal, ["retention"]).output
    env = {"GHIRBAL_RETENTION_REJECT_DAYS": "30"}
    tried = run(ghirbal, ["retention", "--dry-run"], env=env)
    assert (tried.exit_code, tried.output) == (0, "reject\tafter 30 days\t0 would be removed\n")
    assert run(ghirbal, ["retention"], env=env).output == "reject\tafter 30 days\t0 removed\n"
