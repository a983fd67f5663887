from datetime import timedelta

import pytest
from click.testing import CliRunner
from service_samples import APPROVED, BANNED, SUSPECT
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from moderation import PolicyError
from service.cli import ghirbal
from service.database import writing
from service.desk import Move, Wish, act, undo
from service.dossier import read_dossier
from service.moderators import Role
from service.newsroom_errors import PolicyVersionError
from service.policies import list_policies, read_policy, store_policy, use_policy
from service.rules import Rules, parse_policy
from service.state import EXTENSION


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


def document(version, *, lists=None, **rules):
    return {"version": version, "lists": lists or {"banned": ["منخل"]}, "rules": rules}


@pytest.fixture
def put(app, engine):
    """Store a policy and put it in force."""

    def put(document):
        with writing(engine) as connection:
            store_policy(connection, document)
            use_policy(connection, document["version"])
        app.extensions[EXTENSION].in_force.refresh()

    return put


def send(site, name, sent=APPROVED, author="u-1"):
    comment = {"id": name, "text": sent, "author": {"id": author}}
    answer = site.post("/v1/comments", comment).get_json()
    return answer["action"], answer["reasons"]


def test_file_is_in_force_until_a_policy_is_put_in_force(site, put):
    assert site.post("/v1/comments", {"id": "1", "text": SUSPECT}).get_json()["policy"] == "test-1"
    put(document("desk-1"))
    answer = site.post("/v1/comments", {"id": "2", "text": SUSPECT})
    assert (answer.get_json()["action"], answer.get_json()["policy"]) == ("approve", "desk-1")
    assert answer.headers["X-Ghirbal-Policy"] == "desk-1"
    assert site.post("/v1/comments", {"id": "3", "text": BANNED}).get_json()["action"] == "reject"


def test_earlier_policy_can_be_put_in_force_again(site, put, engine, app):
    put(document("desk-1"))
    put(document("desk-2", lists={"suspect": ["شكرا"]}))
    assert send(site, "1")[0] == "review"
    with writing(engine) as connection:
        use_policy(connection, "desk-1")
    app.extensions[EXTENSION].in_force.refresh()
    assert send(site, "2")[0] == "approve"
    with engine.connect() as connection:
        versions = [
            (row["version"], row["in_force_since"] is not None) for row in list_policies(connection)
        ]
    assert versions == [("desk-2", False), ("desk-1", True)]


def test_change_by_another_process_is_seen_without_a_restart(site, put, engine, monkeypatch):
    put(document("desk-1"))
    monkeypatch.setattr("service.policies._REFRESH_S", 0)
    with writing(engine) as connection:
        store_policy(connection, document("desk-2"))
        use_policy(connection, "desk-2")
    assert site.get("/readyz").get_json()["policy"] == "desk-2"


def test_version_is_given_once_and_must_be_known(put, engine):
    put(document("desk-1"))
    with pytest.raises(PolicyVersionError, match="already"), writing(engine) as connection:
        store_policy(connection, document("desk-1"))
    with pytest.raises(PolicyVersionError, match="no policy 'x'"), writing(engine) as connection:
        use_policy(connection, "x")
    with pytest.raises(PolicyVersionError, match="no policy 'x'"), engine.connect() as connection:
        read_policy(connection, "x")


@pytest.mark.parametrize(
    "rules",
    [
        {"first_comments": -1},
        {"first_comments": True},
        {"rejection_rate": 0},
        {"rejection_rate": 1.5},
        {"rejection_of": 0},
        {"flags_to_review": "2"},
        {"colour": 1},
    ],
)
def test_rule_that_makes_no_sense_is_refused(rules):
    (name,) = rules
    with pytest.raises(PolicyError, match=name):
        parse_policy(document("desk-1", **rules))
    with pytest.raises(PolicyError, match="rules must be a table"):
        Rules.from_document([])


@pytest.mark.parametrize("table", ["policy", "policy_use"])
@pytest.mark.parametrize("change", ["UPDATE {} SET moderator_id = NULL", "DELETE FROM {}"])
def test_policies_are_never_changed(put, engine, table, change):
    put(document("desk-1"))
    with pytest.raises(DBAPIError, match="never changed"), writing(engine) as connection:
        connection.execute(text(change.format(table)))


def test_first_comments_of_an_author_are_held_until_enough_are_approved(site, put):
    put(document("desk-1", first_comments=2))
    assert send(site, "1") == ("review", ["first_comment"])
    assert send(site, "2") == ("review", ["first_comment"])
    for name in ("1", "2"):
        site.post(f"/v1/comments/{name}/decisions", {"action": "approve"})
    assert send(site, "3") == ("approve", [])
    assert send(site, "4", author="u-2") == ("review", ["first_comment"])
    assert send(site, "5", author="") == ("approve", [])
    assert send(site, "6", BANNED) == ("reject", ["banned_word"])
    held = site.get("/v1/comments/1").get_json()["decisions"][0]
    assert (held["source"], held["policy"]) == ("rule", "desk-1")


def test_author_who_is_often_rejected_is_held(site, put):
    put(document("desk-1", rejection_rate=0.5, rejection_of=4))
    for name, sent in (("1", BANNED), ("2", BANNED), ("3", APPROVED)):
        send(site, name, sent)
    assert send(site, "4") == ("approve", [])
    assert send(site, "5") == ("review", ["author_often_rejected"])
    assert send(site, "6", author="u-2") == ("approve", [])


def test_author_is_judged_by_the_last_hundred_comments(site, put, monkeypatch):
    put(document("desk-1", rejection_rate=1.0, rejection_of=1))
    send(site, "1", BANNED)
    assert send(site, "2") == ("review", ["author_often_rejected"])
    site.post("/v1/comments/2/decisions", {"action": "approve"})
    assert send(site, "3") == ("approve", [])


def test_as_many_flags_as_the_policy_says_bring_a_comment_back(site, put):
    put(document("desk-1", flags_to_review=2))
    send(site, "1")
    flags = [site.post("/v1/comments/1/flags", {}).get_json()["action"] for _ in range(2)]
    assert flags == ["approve", "review"]
    site.post("/v1/comments/1/decisions", {"action": "approve"})
    flags = [site.post("/v1/comments/1/flags", {}).get_json()["action"] for _ in range(2)]
    assert flags == ["approve", "review"]


def test_time_to_undo_is_that_of_the_policy(site, put, engine, person_for):
    put(document("desk-1", lists={"suspect": ["غربال"]}, undo_minutes=0))
    send(site, "1", SUSPECT)
    sara = person_for(Role.MODERATOR)
    act(engine, sara, Wish(1, 1, Move.APPROVE))
    assert Rules(undo_minutes=0).undo_time == timedelta(0)
    assert undo(engine, sara, within=timedelta(0)) is None
    assert undo(engine, sara, within=Rules().undo_time) == 1


def test_history_of_an_author_stands_beside_a_comment(site, engine):
    for name, sent in (("1", BANNED), ("2", APPROVED), ("3", SUSPECT), ("4", SUSPECT)):
        send(site, name, sent)
    site.post("/v1/comments/3/flags", {"reason": "insult"})
    with engine.connect() as connection:
        dossier = read_dossier(connection, 3)
    assert dossier.totals == {"reject": 1, "approve": 1, "review": 2}
    assert dossier.rejection_rate == 0.5
    assert [row["external_id"] for row in dossier.last] == ["4", "2", "1"]
    assert [row["reason"] for row in dossier.flags] == ["insult"]


def test_command_adds_lists_shows_and_changes_policies(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)
    file = tmp_path / "policy.toml"
    run = CliRunner().invoke
    for version in ("desk-1", "desk-2"):
        file.write_text(f'version = "{version}"\n[rules]\nfirst_comments = 1\n', encoding="utf-8")
        added = run(ghirbal, ["policy", "add", str(file), "--use", "--note", f"why\t{version}"])
        assert added.exit_code == 0, added.output
    assert run(ghirbal, ["policy", "use", "desk-1"]).exit_code == 0
    listed = run(ghirbal, ["policy", "list"]).output.splitlines()
    assert [line.split("\t")[0] for line in listed] == ["desk-2", "desk-1"]
    assert [line.split("\t")[3] for line in listed] == ["", "in force"]
    assert [line.split("\t")[4] for line in listed] == ["why desk-2", "why desk-1"]
    assert '"first_comments": 1' in run(ghirbal, ["policy", "show", "desk-2"]).output
    again = run(ghirbal, ["policy", "add", str(file)])
    assert (again.exit_code, "already" in again.output) == (1, True)
    file.write_text('version = "x"\n[rules]\ncolour = 1\n', encoding="utf-8")
    wrong = run(ghirbal, ["policy", "add", str(file)])
    assert (wrong.exit_code, str(file) in wrong.output) == (1, True)
