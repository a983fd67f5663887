import re

import pytest
from click.testing import CliRunner
from service_samples import Caller

from service import create_app
from service.cli import ghirbal
from service.database import open_engine
from service.demo import ensure_demo_key
from service.errors import KeyFileError
from service.keys import find_caller


@pytest.fixture
def run(monkeypatch, database_url):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", database_url)
    return lambda *arguments: CliRunner().invoke(ghirbal, arguments)


@pytest.fixture
def bare_engine(database_url):
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_added_key_is_printed_alone_and_works(run, database_url):
    result = run("keys", "add", "news site", "--scope", "read", "--scope", "score")
    assert result.exit_code == 0
    assert re.fullmatch(r"ghirbal_[0-9a-f]{12}_[\w-]{43}\n", result.stdout)
    client = create_app({"DATABASE_URL": database_url}).test_client()
    assert Caller(client, result.stdout.strip()).get("/v1/queue").status_code == 200


def test_first_key_makes_the_database(tmp_path, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", f"sqlite:///{tmp_path}/new/ghirbal.sqlite3")
    assert CliRunner().invoke(ghirbal, ["keys", "add", "a", "--scope", "read"]).exit_code == 0
    assert (tmp_path / "new" / "ghirbal.sqlite3").exists()


def test_database_holds_no_key(run, database_url):
    secret = run("keys", "add", "a", "--scope", "read").stdout.strip().split("_", 2)[2]
    with open(database_url.removeprefix("sqlite:///"), "rb") as file:  # noqa: PTH123
        assert secret.encode() not in file.read()


def test_list_shows_names_and_scopes_but_no_key(run):
    key = run("keys", "add", "a", "--scope", "score", "--scope", "ingest").stdout.strip()
    listed = run("keys", "list").stdout
    assert re.fullmatch(r"a\tdefault\tingest,score\tadded [\d-]+ [\d:]+ UTC\tin use\n", listed)
    assert key.split("_")[1] not in listed


def test_revoked_key_stops_working(run, database_url, monkeypatch):
    monkeypatch.setattr("service.key_ring.REMEMBERED_S", 0)
    key = run("keys", "add", "a", "--scope", "read").stdout.strip()
    caller = Caller(create_app({"DATABASE_URL": database_url}).test_client(), key)
    assert caller.get("/v1/queue").status_code == 200
    assert run("keys", "revoke", "a").exit_code == 0
    assert caller.get("/v1/queue").status_code == 401
    assert "revoked" in run("keys", "list").stdout


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("keys", "add", "taken", "--scope", "read"), 1, "choose another name"),
        (("keys", "add", "b"), 2, "--scope"),
        (("keys", "add", "b", "--scope", "all"), 2, "'all' is not one of"),
        (("keys", "add", " ", "--scope", "read"), 2, "a name needs letters"),
        (("keys", "add", "a\nb", "--scope", "read"), 2, "control characters"),
        (("keys", "revoke", "nobody"), 1, "ghirbal keys list"),
        (("keys", "list", "--config", "nowhere.toml"), 1, "nowhere.toml cannot be read"),
        (("serve", "--port", "70000"), 1, "port in the arguments"),
        (("nothing",), 2, "No such command"),
    ],
)
def test_mistakes_are_told_without_a_traceback(run, arguments, status, message):
    run("keys", "add", "taken", "--scope", "read")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_upgrade_can_be_run_any_number_of_times(run):
    assert [run("db", "upgrade").exit_code for _ in range(2)] == [0, 0]


def test_every_command_says_what_it_does(run):
    for name in ("db", "db upgrade", "keys", "keys add", "keys list", "keys revoke", "serve"):
        result = run(*name.split(), "--help")
        assert result.exit_code == 0
        assert len(result.stdout.splitlines()[2]) > 20


def test_help_says_when_a_revoked_key_stops_working(run):
    assert "within two seconds" in " ".join(run("keys", "revoke", "--help").stdout.split())


def test_version_is_told(run):
    from moderation import __version__

    assert run("--version").stdout == f"ghirbal {__version__}\n"


def test_demo_key_is_made_once_and_kept_private(bare_engine, tmp_path):
    path = tmp_path / "new" / "demo-key"
    ensure_demo_key(bare_engine, path)
    first = path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    ensure_demo_key(bare_engine, path)
    assert path.read_text(encoding="utf-8") == first
    with bare_engine.connect() as connection:
        assert find_caller(connection, first.strip()).name.startswith("demo-")


def test_demo_key_of_a_lost_database_is_replaced(bare_engine, tmp_path):
    path = tmp_path / "demo-key"
    path.write_text("ghirbal_0123456789ab_gone\n", encoding="utf-8")
    ensure_demo_key(bare_engine, path)
    with bare_engine.connect() as connection:
        assert find_caller(connection, path.read_text(encoding="utf-8").strip()) is not None


def test_file_that_is_not_a_key_is_left_alone(bare_engine, tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear editor", encoding="utf-8")
    with pytest.raises(KeyFileError, match="does not hold a key"):
        ensure_demo_key(bare_engine, path)
    assert path.read_text(encoding="utf-8") == "Dear editor"
