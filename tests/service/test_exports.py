import io
import json

import pytest
from click.testing import CliRunner
from service_samples import APPROVED, BANNED, SUSPECT

from moderation import Action
from service.actors import in_person
from service.batches import Bulk, decide_selected
from service.cli import ghirbal
from service.desk import Move, Wish, act
from service.exchange.exports import export_comments, export_person, export_training
from service.exchange.imports import import_file
from service.moderators import Role
from service.samples import put_samples
from service.sites import add_site
from service.state import EXTENSION
from service.tables import DEFAULT_SITE


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def filled(app, site, engine, person_for):
    put_samples(engine, app.extensions[EXTENSION].judge)
    comments = {"one": SUSPECT, "many": SUSPECT, "waits": SUSPECT, "list": BANNED, "fine": APPROVED}
    for name, sent in comments.items():
        author = {"id": "u-1", "name": "نبيل"}
        article = {"id": "a-1", "section": "رياضة"}
        comment = {"id": name, "text": sent, "author": author, "article": article}
        site.post("/v1/comments", comment | {"created_at": "2026-11-01T09:30:00Z"})
    site.post("/v1/comments", {"id": "gone", "text": APPROVED})
    site.post("/v1/comments/gone/deletion", {"requested_by": "author"})
    site.post("/v1/comments/fine/flags", {"reporter_id": "u-1", "reason": "spam"})
    site.post("/v1/comments/fine/decisions", {"action": "approve"})
    sara = person_for(Role.MODERATOR, "sara")
    act(engine, sara, Wish(13, 1, Move.REJECT, "insult", "seen"))
    decide_selected(engine, in_person(sara), [(14, 1)], bulk=Bulk(Action.APPROVE))
    return site


def test_comments_can_be_moved_to_another_place(app, filled, engine):
    with engine.connect() as connection:
        lines = list(export_comments(connection, site_id=DEFAULT_SITE))
    assert [(each["id"], each["action"]) for each in lines] == [
        ("one", "reject"),
        ("many", "approve"),
        ("waits", "review"),
        ("list", "reject"),
        ("fine", "approve"),
    ]
    with engine.begin() as connection:
        other = add_site(connection, "other")
    stream = io.BytesIO(b"\n".join(json.dumps(each).encode() for each in lines))
    judge = app.extensions[EXTENSION].judge
    done = import_file(engine, judge, stream, kind="jsonl", site_id=other)
    assert (done.stored, done.problems) == (5, [])
    with engine.connect() as connection:
        assert list(export_comments(connection, site_id=other)) == lines


def test_training_data_say_how_a_decision_was_made(filled, engine):
    with engine.connect() as connection:
        found = list(export_training(connection))
    assert [(each["made"], each["weight"], each["action"]) for each in found] == [
        ("single", 1.0, "reject"),
        ("bulk", 0.5, "approve"),
        ("list", 0.25, "reject"),
        ("single", 1.0, "approve"),
    ]
    assert (found[0]["text"], found[0]["reasons"]) == (SUSPECT, ["insult"])


def test_person_gets_all_of_their_own_and_no_names_of_moderators(filled, engine):
    with engine.connect() as connection:
        found = export_person(connection, "u-1", site_id=DEFAULT_SITE)
        nobody = export_person(connection, "u-9", site_id=DEFAULT_SITE)
    assert [each["id"] for each in found["comments"]] == ["one", "many", "waits", "list", "fine"]
    assert [(each["comment"], each["reason"]) for each in found["flags"]] == [("fine", "spam")]
    assert "sara" not in json.dumps(found)
    assert nobody == {"author_id": "u-9", "comments": [], "flags": []}


def test_commands_write_and_are_noted(filled, database_url, monkeypatch, tmp_path):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", database_url)
    path = tmp_path / "out"
    for arguments, lines in (
        (["comments"], 5),
        (["training"], 4),
        (["person", "u-1"], None),
    ):
        done = CliRunner().invoke(ghirbal, ["export", *arguments, "--output", str(path)])
        assert (done.exit_code, done.output) == (0, "")
        written = path.read_text(encoding="utf-8")
        assert lines is None or len(written.splitlines()) == lines
    assert json.loads(written)["author_id"] == "u-1"
    noted = CliRunner().invoke(ghirbal, ["audit", "list", "--who", "operator"]).output
    assert "person's data exported" in noted
