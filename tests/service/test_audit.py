import csv
import gc
import io
import json

import pytest
from click.testing import CliRunner
from service_samples import SUSPECT
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.audit import AuditFilter, read_audit
from service.cli import ghirbal
from service.database import writing
from service.desk import Move, Wish, act
from service.moderators import Role
from service.policies import store_policy, use_policy
from service.samples import put_samples, remove_samples
from service.seals import seal, verify
from service.state import EXTENSION
from service.worker import Worker


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def busy(site, engine, person_for):
    """Let a moderator, a key and an operator do something."""
    sara = person_for(Role.LEAD, "sara")
    site.post("/v1/comments", {"id": "c-1", "text": SUSPECT})
    site.post("/v1/comments", {"id": "c-2", "text": SUSPECT})
    act(engine, sara, Wish(1, 1, Move.REJECT, "insult", "seen"))
    site.post("/v1/comments/c-2/decisions", {"action": "approve"})
    with writing(engine) as connection:
        store_policy(connection, {"version": "desk-1"}, moderator_id=sara.id)
        use_policy(connection, "desk-1", moderator_id=sara.id)
    return site


def listed(engine, **wanted):
    with engine.connect() as connection:
        rows = list(read_audit(connection, AuditFilter(**wanted)))
    return [(row["who"], row["action"], row["subject"]) for row in rows]


def test_list_tells_who_did_what_newest_first(busy, engine):
    assert listed(engine) == [
        ("sara", "policy put in force", "desk-1"),
        ("sara", "policy stored", "desk-1"),
        ("site", "approve", "default/c-2"),
        ("sara", "reject", "default/c-1"),
        ("operator", "key added", "site: decide, feedback, ingest, read, score"),
    ]


def test_decision_names_policy_model_and_note(busy, engine, scorer):
    with engine.connect() as connection:
        (row,) = read_audit(connection, AuditFilter(action="reject"))
    assert (row["policy"], row["model"], row["note"]) == ("test-1", scorer.version, "seen")


def test_list_can_be_narrowed(busy, engine):
    assert [each[1] for each in listed(engine, who="site")] == ["approve"]
    assert [each[0] for each in listed(engine, action="policy stored")] == ["sara"]
    with engine.connect() as connection:
        moment = next(read_audit(connection))["created_at"]
        assert len(list(read_audit(connection, limit=2))) == 2
    assert [each[1] for each in listed(engine, since=moment)] == ["policy put in force"]
    assert len(listed(engine, until=moment)) == 4


@pytest.mark.parametrize("table", ["audit", "seal"])
@pytest.mark.parametrize("change", ["UPDATE {} SET created_at = created_at", "DELETE FROM {}"])
def test_audit_is_never_changed(busy, engine, table, change):
    seal(engine)
    with pytest.raises(DBAPIError, match="never changed"), writing(engine) as connection:
        connection.execute(text(change.format(table)))


def test_seals_hold_and_tell_what_came_since(busy, engine):
    assert seal(engine)
    assert not seal(engine)
    busy.post("/v1/comments", {"id": "c-3", "text": SUSPECT})
    with engine.connect() as connection:
        found = verify(connection)
    assert (found.seals, found.broken, found.unsealed) == (1, None, 1)
    assert seal(engine)
    with engine.connect() as connection:
        assert verify(connection).digest != found.digest


CHANGES = [
    pytest.param("UPDATE decision SET note = 'other' WHERE id = 1", id="decision-changed"),
    pytest.param("DELETE FROM decision WHERE id = 2", id="decision-removed"),
    pytest.param("UPDATE audit SET subject = 'other' WHERE id = 1", id="audit-changed"),
    pytest.param("DELETE FROM audit WHERE id = 1", id="audit-removed"),
    pytest.param("UPDATE seal SET last_audit = 1 WHERE id = 1", id="seal-changed"),
]


def without_triggers(connection):
    """Do what only somebody with the rights of the owner can."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    for (name,) in triggers.all():
        connection.execute(text(f"DROP TRIGGER {name}"))


@pytest.mark.parametrize("change", CHANGES)
def test_change_of_the_past_shows(busy, engine, change):
    seal(engine)
    busy.post("/v1/comments", {"id": "c-3", "text": SUSPECT})
    seal(engine)
    with writing(engine) as connection:
        without_triggers(connection)
        connection.execute(text(change))
    with engine.connect() as connection:
        found = verify(connection)
    assert (found.seals, found.broken) == (0, 1)


def test_removed_samples_break_no_seal(app, busy, engine):
    with writing(engine) as connection:
        without_triggers(connection)
        for table in ("score", "decision", "search", "revision", "comment"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - of this test
    put_samples(engine, app.extensions[EXTENSION].judge)
    seal(engine)
    with writing(engine) as connection:
        remove_samples(connection)
    with engine.connect() as connection:
        assert verify(connection).broken is None


def test_long_past_is_sealed_in_parts(busy, engine, monkeypatch):
    monkeypatch.setattr("service.seals._STEP", 2)
    parts = 0
    while seal(engine):
        parts += 1
    with engine.connect() as connection:
        found = verify(connection)
    assert (parts, found.seals, found.unsealed) == (2, 2, 0)


def test_worker_seals(busy, engine):
    Worker(engine).run_once()
    with engine.connect() as connection:
        assert verify(connection).seals == 1


def test_commands_list_seal_and_verify(busy, engine, database_url, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", database_url)
    run = CliRunner().invoke
    lines = run(ghirbal, ["audit", "list", "--who", "sara"]).output.splitlines()
    assert [json.loads(line)["action"] for line in lines][-1] == "reject"
    output = run(ghirbal, ["audit", "list", "--format", "csv"]).output
    assert next(csv.DictReader(io.StringIO(output)))["who"] == "sara"
    assert run(ghirbal, ["audit", "list", "--until", "2020-01-01"]).output == ""
    assert run(ghirbal, ["audit", "seal"]).exit_code == 0
    assert run(ghirbal, ["audit", "verify"]).output.startswith("1 seals hold, 0 rows came since\n")
    with writing(engine) as connection:
        without_triggers(connection)
        connection.execute(text("UPDATE decision SET note = 'x'"))
    done = run(ghirbal, ["audit", "verify"])
    assert (done.exit_code, "seal 1 does not hold" in done.output) == (1, True)
    gc.collect()  # where a command left a connection open, its driver complains here
