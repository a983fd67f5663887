import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from serving import Served
from sqlalchemy import text, update

from service.cli import ghirbal
from service.database import open_engine, writing
from service.errors import KeyFileError, ModeratorError
from service.first_minute import prepare
from service.judge import Judge
from service.moderators import (
    Role,
    add_moderator,
    deactivate,
    find_person,
    list_moderators,
    set_password,
    sign_in,
)
from service.second_factor import new_secret, switch_on
from service.session_secret import session_secret
from service.settings import Settings
from service.tables import Moderator

PASSWORD = "correct horse battery"


@pytest.fixture
def engine(any_database_url):
    engine = open_engine(any_database_url)
    with writing(engine) as connection:
        add_moderator(connection, "سارة", role=Role.LEAD, password=PASSWORD)
    yield engine
    engine.dispose()


def test_right_password_opens_the_account(engine):
    person = sign_in(engine, "سارة", PASSWORD)
    assert (person.name, person.display_name, person.role) == ("سارة", "سارة", Role.LEAD)


def test_password_is_kept_as_an_argon2_hash(engine):
    with engine.connect() as connection:
        kept = connection.scalar(text("SELECT password_hash FROM moderator"))
    assert kept.startswith("$argon2id$")
    assert PASSWORD not in kept


@pytest.mark.parametrize(
    ("name", "password"),
    [("سارة", "wrong password"), ("سارة", ""), ("nobody", PASSWORD), ("سارة", "x" * 100_000)],
)
def test_wrong_name_or_password_is_refused(engine, name, password):
    assert sign_in(engine, name, password) is None


def test_fifth_failure_in_a_row_locks_the_account_for_a_while(engine):
    for _ in range(4):
        sign_in(engine, "سارة", "wrong password")
    assert sign_in(engine, "سارة", PASSWORD) is not None
    for _ in range(5):
        sign_in(engine, "سارة", "wrong password")
    assert sign_in(engine, "سارة", PASSWORD) is None
    with writing(engine) as connection:
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(Moderator).values(locked_until=past))
    assert sign_in(engine, "سارة", PASSWORD) is not None


def test_new_password_unlocks_and_ends_sessions(engine):
    before = sign_in(engine, "سارة", PASSWORD)
    for _ in range(5):
        sign_in(engine, "سارة", "wrong password")
    with writing(engine) as connection:
        set_password(connection, "سارة", "another long one")
    assert sign_in(engine, "سارة", PASSWORD) is None
    assert sign_in(engine, "سارة", "another long one") is not None
    with engine.connect() as connection:
        assert find_person(connection, before.id, before.password_version) is None


def test_deactivated_account_is_closed_at_once(engine):
    before = sign_in(engine, "سارة", PASSWORD)
    with writing(engine) as connection:
        deactivate(connection, "سارة")
    assert sign_in(engine, "سارة", PASSWORD) is None
    with engine.connect() as connection:
        assert find_person(connection, before.id, before.password_version) is None
        assert [row["active"] for row in list_moderators(connection)] == [False]


@pytest.mark.parametrize("password", ["", "too short", "x" * 1_001])
def test_password_of_a_bad_length_is_refused(engine, password):
    with writing(engine) as connection, pytest.raises(ModeratorError, match="10 to 1000"):
        set_password(connection, "سارة", password)


def test_second_account_of_the_same_name_is_refused(engine):
    with pytest.raises(ModeratorError, match="already"), writing(engine) as connection:
        add_moderator(connection, "سارة", role=Role.ADMIN, password=PASSWORD)


def test_unknown_account_is_named(engine):
    expected = pytest.raises(ModeratorError, match="no moderator is named 'x'")
    with expected, writing(engine) as connection:
        deactivate(connection, "x")


@pytest.mark.parametrize(
    ("role", "covered"),
    [
        (Role.MODERATOR, [Role.MODERATOR]),
        (Role.LEAD, [Role.MODERATOR, Role.LEAD]),
        (Role.ADMIN, [Role.MODERATOR, Role.LEAD, Role.ADMIN]),
    ],
)
def test_role_may_do_what_lower_ones_may(role, covered):
    assert [needed for needed in Role if role.covers(needed)] == covered


@pytest.fixture
def command(sqlite_url, monkeypatch):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", sqlite_url)

    def run(*arguments, **kwargs):
        return CliRunner().invoke(ghirbal, ["moderators", *arguments], **kwargs)

    return run


def test_generated_password_is_printed_alone_and_works(command, sqlite_url):
    answer = command("add", "omar", "--role", "moderator", "--generate")
    assert answer.exit_code == 0
    password = answer.stdout.removesuffix("\n")
    engine = open_engine(sqlite_url)
    assert sign_in(engine, "omar", password).role is Role.MODERATOR
    engine.dispose()


def test_password_is_read_from_standard_input(command, sqlite_url):
    answer = command("add", "omar", "--role", "admin", input=f"{PASSWORD}\n")
    assert (answer.exit_code, answer.stdout) == (0, "")
    assert command("set-password", "omar", input="another long one\n").exit_code == 0
    engine = open_engine(sqlite_url)
    assert sign_in(engine, "omar", "another long one") is not None
    engine.dispose()


def test_list_shows_accounts_and_states(command):
    command("add", "omar", "--role", "lead", "--display-name", "عمر", "--generate")
    command("deactivate", "omar")
    line = command("list").stdout.split("\t")
    assert (line[:3], line[4]) == (["omar", "عمر", "lead"], "out of use\n")


def test_lost_telephone_is_told_to_the_command(command, sqlite_url):
    command("add", "omar", "--role", "lead", "--generate")
    assert command("drop-second-factor", "omar").exit_code == 1
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        person = find_person(connection, 1, 1)
        switch_on(connection, person, new_secret())
    engine.dispose()
    assert command("list").stdout.endswith("in use, with a second factor\n")
    assert command("drop-second-factor", "omar").exit_code == 0
    assert command("list").stdout.endswith("in use\n")
    assert command("drop-second-factor", "nobody").exit_code == 1


def test_short_password_is_told_without_a_traceback(command):
    answer = command("add", "omar", "--role", "lead", input="short\n")
    assert answer.exit_code == 1
    assert answer.stderr == "Error: a password needs 10 to 1000 characters, this has 5\n"


def test_secret_is_made_once_and_readable_by_its_owner_only(tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path}/new/ghirbal.sqlite3")
    secret = session_secret(settings)
    assert len(secret) >= 32
    assert session_secret(settings) == secret
    (path,) = (tmp_path / "new").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_secret_of_the_settings_wins(tmp_path):
    url = f"sqlite:///{tmp_path}/ghirbal.sqlite3"
    assert session_secret(Settings(database_url=url, session_secret="s" * 32)) == "s" * 32
    assert list(tmp_path.iterdir()) == []


def test_damaged_secret_is_refused(tmp_path):
    (tmp_path / "session-secret").write_text("", encoding="ascii")
    with pytest.raises(KeyFileError, match="remove it"):
        session_secret(Settings(database_url=f"sqlite:///{tmp_path}/ghirbal.sqlite3"))


def test_first_account_is_made_once_and_its_password_works(sqlite_url, scorer):
    engine = open_engine(sqlite_url)
    judge = Judge(scorer, scorer.default_policy())
    password = prepare(engine, judge)
    assert sign_in(engine, "admin", password).role is Role.ADMIN
    assert prepare(engine, judge) is None
    engine.dispose()


@pytest.mark.slow
def test_start_with_samples_prints_the_password_and_the_page_of_them(sqlite_url):
    served = Served(sqlite_url, "--samples")
    served.start()
    _, output, errors = served.stop()
    assert errors == ""
    name, password = re.search(r"name (\S+)  password (\S+)", output).groups()
    engine = open_engine(sqlite_url)
    assert sign_in(engine, name, password) is not None
    engine.dispose()
    served.start()
    _, output, _ = served.stop()
    assert "shown this once" not in output
