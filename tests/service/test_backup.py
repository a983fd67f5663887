import resource
import sqlite3
import subprocess
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
from click.testing import CliRunner
from service_samples import APPROVED
from serving import COMMAND, Served, environment, wait_for
from sqlalchemy import text

from service import create_app
from service.backup import back_up
from service.cli import ghirbal
from service.database import open_engine, upgrade, writing
from service.errors import DatabaseError
from service.state import EXTENSION


@pytest.fixture
def database_url(own_database_url):
    return own_database_url


def counts(engine):
    with engine.connect() as connection:
        return [
            connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608 - of this test
            for table in ("comment", "revision", "score", "decision")
        ]


def test_copy_is_whole_although_comments_come_in_meanwhile(site, engine, tmp_path, database_url):
    for number in range(20):
        site.post("/v1/comments", {"id": f"c-{number}", "text": APPROVED})
    stopped = threading.Event()

    def go_on():
        number = 100
        while not stopped.is_set():
            site.post("/v1/comments", {"id": f"c-{number}", "text": APPROVED})
            number += 1

    going = threading.Thread(target=go_on)
    going.start()
    copy = tmp_path / "copy"
    try:
        back_up(database_url, copy)
    finally:
        stopped.set()
        going.join()
    with pytest.raises(DatabaseError, match="there already"):
        back_up(database_url, copy)
    if engine.dialect.name == "sqlite":
        restored = f"sqlite:///{tmp_path}/new/ghirbal.sqlite3"
    else:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE restored TEMPLATE template0"))
        restored = database_url.replace("/changed", "/restored")
    arguments = ["db", "restore", str(copy)]
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": restored}).invoke
    done = run(ghirbal, arguments)
    assert done.exit_code == 0, done.output
    found = open_engine(restored)
    comments, *others = counts(found)
    assert comments >= 20
    assert others == [comments] * 3
    with pytest.raises(Exception, match="never changed"), writing(found) as connection:
        connection.execute(text("DELETE FROM decision"))
    app = create_app({"DATABASE_URL": restored})
    assert app.test_client().get("/readyz").status_code == 200
    app.extensions[EXTENSION].engine.dispose()
    found.dispose()
    assert run(ghirbal, arguments).exit_code == 1
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("DROP DATABASE restored WITH (FORCE)"))


def test_file_that_is_no_copy_is_refused(tmp_path):
    other = tmp_path / "other"
    other.write_text("something else " * 100, encoding="utf-8")
    target = tmp_path / "new.sqlite3"
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": f"sqlite:///{target}"}).invoke
    done = run(ghirbal, ["db", "restore", str(other)])
    assert (done.exit_code, "is not a copy" in done.output) == (1, True)
    assert not target.exists()


def test_command_makes_a_copy(sqlite_url, tmp_path):
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": sqlite_url}).invoke
    assert run(ghirbal, ["db", "backup", str(tmp_path / "copy")]).exit_code == 0
    assert (tmp_path / "copy").stat().st_size > 0


def test_database_that_is_not_there_is_not_copied_nor_made(tmp_path):
    target = tmp_path / "instance" / "ghirbal.sqlite3"
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": f"sqlite:///{target}"}).invoke
    done = run(ghirbal, ["db", "backup", str(tmp_path / "copy")])
    assert (done.exit_code, f"no database at {target}" in done.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_database_without_tables_is_not_copied(database_url, tmp_path):
    engine = open_engine(database_url)
    upgrade(engine, revision="base")
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    engine.dispose()
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": database_url}).invoke
    done = run(ghirbal, ["db", "backup", str(tmp_path / "copy")])
    assert (done.exit_code, "none of our tables" in done.output) == (1, True)
    assert not (tmp_path / "copy").exists()


@pytest.mark.parametrize("left", ["", "-wal", "-shm", "-journal"])
def test_copy_is_not_put_beside_what_is_left_of_another_database(sqlite_url, tmp_path, left):
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": sqlite_url}).invoke
    assert run(ghirbal, ["db", "backup", str(tmp_path / "copy")]).exit_code == 0
    target = tmp_path / "new" / "ghirbal.sqlite3"
    target.parent.mkdir()
    there = [target.with_name(target.name + each) for each in {left, "-shm"}]
    for each in there:
        each.write_bytes(b"of another one")
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": f"sqlite:///{target}"}).invoke
    done = run(ghirbal, ["db", "restore", str(tmp_path / "copy")])
    assert done.exit_code == 1
    assert all(str(each) in done.output for each in there)
    assert sorted(target.parent.iterdir()) == sorted(there)


def test_database_in_use_is_no_copy(sqlite_url, tmp_path):
    used = open_engine(sqlite_url)
    with writing(used) as connection:
        connection.execute(text("UPDATE site SET name = 'renamed'"))
    run = CliRunner(env={"GHIRBAL_DATABASE_URL": f"sqlite:///{tmp_path}/new.sqlite3"}).invoke
    done = run(ghirbal, ["db", "restore", str(tmp_path / "ghirbal.sqlite3")])
    used.dispose()
    assert (done.exit_code, "ghirbal.sqlite3-wal belongs to it" in done.output) == (1, True)


def small_files_only():
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_960, 40_960))


def ghirbal_db(url, *arguments, **options):
    command = [*COMMAND, "db", *map(str, arguments)]
    done = subprocess.run(
        command, env=environment(url), capture_output=True, text=True, check=False, **options
    )
    assert "Traceback" not in done.stderr
    return done


def test_disk_that_has_no_room_is_told_and_nothing_is_left(database_url, tmp_path):
    folder, copy = tmp_path / "disk", tmp_path / "copy"
    folder.mkdir()
    full = ghirbal_db(database_url, "backup", folder / "copy", preexec_fn=small_files_only)
    assert (full.returncode, full.stderr.count("\n")) == (1, 1)
    assert list(folder.iterdir()) == []
    assert ghirbal_db(database_url, "backup", copy).returncode == 0
    if database_url.startswith("sqlite"):
        full = ghirbal_db(
            f"sqlite:///{folder}/new.sqlite3", "restore", copy, preexec_fn=small_files_only
        )
        assert (full.returncode, full.stderr) == (
            1,
            f"Error: {folder}/new.sqlite3 cannot be written: File too large\n",
        )
        assert list(folder.iterdir()) == []


def test_folder_that_cannot_be_written_is_told(database_url, tmp_path):
    done = ghirbal_db(database_url, "backup", tmp_path / "nowhere" / "copy")
    assert (done.returncode, done.stderr) == (
        1,
        f"Error: {tmp_path}/nowhere/copy cannot be written: No such file or directory\n",
    )


def test_copies_are_for_their_owner_alone(database_url, tmp_path):
    copy, target = tmp_path / "copy", tmp_path / "new" / "ghirbal.sqlite3"
    assert ghirbal_db(database_url, "backup", copy, umask=0o022).returncode == 0
    assert copy.stat().st_mode & 0o777 == 0o600
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{target}"
        assert ghirbal_db(url, "restore", copy, umask=0o022).returncode == 0
        assert target.stat().st_mode & 0o777 == 0o600


def running(program, folder):
    """Return the processes of a program that write to a folder: arguments and environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            arguments = (process / "cmdline").read_bytes()
            named = Path(arguments.split(b"\0")[0].decode()).name == program
            if named and str(folder).encode() in arguments:
                found.append((arguments, (process / "environ").read_bytes()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ghirbal:p%40ss word@/changed?host={host}",
        "postgresql+psycopg://ghirbal@/changed?host={host}&password=p%40ss+word",
    ],
)
def test_password_is_not_among_the_arguments(own_postgres_url, tmp_path, address):
    url = address.format(host=own_postgres_url.partition("host=")[2])
    engine = open_engine(own_postgres_url)
    process = None
    try:
        # Held up there, pg_dump can be looked at.
        with engine.begin() as connection:
            connection.execute(text("LOCK TABLE comment IN ACCESS EXCLUSIVE MODE"))
            process = subprocess.Popen(
                [*COMMAND, "db", "backup", tmp_path / "copy"], env=environment(url)
            )
            wait_for(lambda: running("pg_dump", tmp_path), "pg_dump was not started")
            [(arguments, environ)] = running("pg_dump", tmp_path)
        assert process.wait(60) == 0
    finally:
        if process is not None:
            process.kill()
            process.wait()
        engine.dispose()
    assert [each for each in (b"p@ss", b"p%40ss", b"ss word", b"***") if each in arguments] == []
    assert b"PGPASSWORD=p@ss word\0" in environ


@pytest.mark.slow
def test_copy_takes_the_place_of_a_database_that_was_served(sqlite_url, tmp_path):
    served = Served(sqlite_url, "--demo-key", str(tmp_path / "key"))
    served.start()
    key = (tmp_path / "key").read_text(encoding="utf-8").strip()

    def post(names):
        for name in names:
            comment = {"id": name, "text": APPROVED}
            sent = served.ask("POST", "/v1/comments", comment, Authorization=f"Bearer {key}")
            assert sent[0] == 201

    try:
        post(f"before-{number}" for number in range(5))
        assert ghirbal_db(sqlite_url, "backup", tmp_path / "copy").returncode == 0
        post(f"after-{number}" for number in range(5))
        served.stop()
        # As the message of `restore` says, of which there is nothing else after a clean stop.
        (tmp_path / "ghirbal.sqlite3").rename(tmp_path / "old")
        assert ghirbal_db(sqlite_url, "restore", tmp_path / "copy").returncode == 0
        served.start()
        post(["again"])
    finally:
        served.close()
    for name, number in (("ghirbal.sqlite3", 6), ("old", 10)):
        with closing(sqlite3.connect(tmp_path / name)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert connection.execute("SELECT count(*) FROM comment").fetchone() == (number,)
