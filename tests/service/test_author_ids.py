import re

import pytest
from click.testing import CliRunner
from service_samples import APPROVED, SUSPECT, Caller
from sqlalchemy import text

from service import create_app
from service.cli import ghirbal
from service.database import open_engine, writing
from service.keys import Scope
from service.state import EXTENSION

SECRET = "s" * 32
HASHED = re.compile(r"hmac:[0-9a-f]{32}")


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def hashing(database_url, policy_file, key_for):
    """Return a caller of a service on the same database that hashes ids."""
    settings = {"DATABASE_URL": database_url, "POLICY_FILE": policy_file}
    app = create_app(settings | {"AUTHOR_ID_SECRET": SECRET})
    yield Caller(app.test_client(), key_for(*Scope))
    app.extensions[EXTENSION].engine.dispose()


def comment(number, **about):
    return {"id": f"c-{number}", "text": SUSPECT, "author": {"id": "u-1"}} | about


def kept(engine, query="SELECT author_id FROM comment ORDER BY id"):
    with engine.connect() as connection:
        return connection.scalars(text(query)).all()


def ids(answer):
    return [each["id"] for each in answer.get_json()["comments"]]


@pytest.mark.parametrize("together", [1, 8], ids=["one", "batch"])
def test_id_is_nowhere_in_the_database(hashing, engine, together):
    batch = [comment(number) for number in range(together)]
    hashing.post("/v1/comments", {"comments": batch})
    hashing.post("/v1/comments/c-0/flags", {"reporter_id": "u-2"})
    assert HASHED.fullmatch(kept(engine)[0])
    assert len(set(kept(engine))) == 1
    (reporter,) = kept(engine, "SELECT reporter_id FROM flag")
    assert HASHED.fullmatch(reporter)
    assert reporter != kept(engine)[0]


def test_comment_sent_again_says_nothing_new_of_its_author(hashing, engine):
    hashing.post("/v1/comments", comment(1))
    with writing(engine):
        assert hashing.post("/v1/comments", comment(1)).status_code == 200
    hashing.post("/v1/comments", comment(1, author={"id": "u-2"}))
    assert ids(hashing.get("/v1/queue?author=u-2")) == ["c-1"]


def test_reader_is_found_by_the_id_that_the_site_knows(hashing):
    hashing.post("/v1/comments", comment(1))
    hashing.post("/v1/comments", comment(2, author={"id": "u-2"}))
    assert ids(hashing.get("/v1/queue?author=u-1")) == ["c-1"]


def test_hash_finds_the_same_as_the_id(hashing):
    hashing.post("/v1/comments", comment(1))
    shown = hashing.get("/v1/comments/c-1").get_json()["author"]["id"]
    assert HASHED.fullmatch(shown)
    assert ids(hashing.get("/v1/queue", query_string={"author": shown})) == ["c-1"]


def test_reader_who_flags_twice_counts_once(hashing):
    hashing.post("/v1/comments", comment(1))
    for _ in range(2):
        answer = hashing.post("/v1/comments/c-1/flags", {"reporter_id": "u-2"})
    assert answer.get_json()["flags"] == 1


def test_ids_stay_as_they_come_without_a_secret(site, engine):
    site.post("/v1/comments", comment(1))
    assert kept(engine) == ["u-1"]


def test_history_of_an_author_goes_on_once_old_ids_are_hashed(
    site, hashing, engine, database_url, monkeypatch
):
    monkeypatch.setattr("service.author_ids._STEP", 1)
    for number, author in enumerate(["u-1", "u-2", "u-1"]):
        site.post("/v1/comments", comment(number, author={"id": author}))
    site.post("/v1/comments/c-0/flags", {"reporter_id": "u-3"})
    hashing.post("/v1/comments", comment(3))
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": database_url}).invoke
    assert "set author_id_secret first" in run(ghirbal, ["db", "hash-authors"]).output
    env = {"GHIRBAL_AUTHOR_ID_SECRET": SECRET}
    tried = run(ghirbal, ["db", "hash-authors", "--dry-run"], env=env)
    assert tried.output == "3 ids would be hashed\n"
    assert kept(engine)[:3] == ["u-1", "u-2", "u-1"]
    assert run(ghirbal, ["db", "hash-authors"], env=env).output == "3 ids hashed\n"
    assert run(ghirbal, ["db", "hash-authors"], env=env).output == "0 ids hashed\n"
    assert sorted(ids(hashing.get("/v1/queue?author=u-1"))) == ["c-0", "c-2", "c-3"]
    (reporter,) = kept(engine, "SELECT reporter_id FROM flag")
    assert HASHED.fullmatch(reporter)


def test_export_of_a_person_takes_the_id_that_the_site_knows(hashing, engine, database_url):
    hashing.post("/v1/comments", comment(1, text=APPROVED))
    env = {"GHIRBAL_DATABASE_URL": database_url, "GHIRBAL_AUTHOR_ID_SECRET": SECRET}
    found = CliRunner(env=env).invoke(ghirbal, ["export", "person", "u-1"])
    assert '"id": "c-1"' in found.output
    subject = kept(engine, "SELECT subject FROM audit WHERE action LIKE 'person%'")
    assert HASHED.fullmatch(subject[0].removeprefix("default/"))


def test_another_secret_makes_other_hashes(hashing, database_url, engine):
    hashing.post("/v1/comments", comment(1))
    env = {"GHIRBAL_DATABASE_URL": database_url, "GHIRBAL_AUTHOR_ID_SECRET": "t" * 32}
    found = CliRunner(env=env).invoke(ghirbal, ["export", "person", "u-1"])
    assert '"comments": []' in found.output
    bare = open_engine(database_url)
    assert HASHED.fullmatch(kept(bare)[0])
    bare.dispose()
