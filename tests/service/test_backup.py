import threading

import pytest
from click.testing import CliRunner
from service_samples import APPROVED
from sqlalchemy import text

from service import create_app
from service.backup import back_up
from service.cli import ghirbal
from service.database import open_engine, writing
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
        back_up(engine, copy)
    finally:
        stopped.set()
        going.join()
    with pytest.raises(DatabaseError, match="there already"):
        back_up(engine, copy)
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
