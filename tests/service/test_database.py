import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from service.database import open_engine, writing

FULL, NORMAL = 2, 1


@pytest.fixture
def engine(any_database_url):
    engine = open_engine(any_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def sqlite_engine(sqlite_url):
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


def durability(connection):
    if connection.dialect.name == "sqlite":
        return connection.scalar(text("PRAGMA synchronous")) == FULL
    return connection.scalar(text("SHOW synchronous_commit")) == "on"


def test_only_what_may_be_lost_does_not_wait_for_the_disk(engine):
    for brief in (False, True, False):
        with writing(engine, brief=brief) as connection:
            assert durability(connection) is not brief


def test_new_database_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "new.sqlite3"
    script = (
        "import sys; from service.database import open_engine, upgrade;"
        "engine = open_engine('sqlite:///' + sys.argv[1]); upgrade(engine);"
        "connection = engine.connect(); connection.exec_driver_sql('SELECT 1 FROM comment');"
        "import pathlib; print(*(oct(each.stat().st_mode & 0o777) for each in"
        " pathlib.Path(sys.argv[1]).parent.iterdir()))"
    )
    command = [sys.executable, "-c", script, path]
    done = subprocess.run(command, umask=0o022, capture_output=True, check=True, text=True)
    assert done.stdout.split() == ["0o600"] * 3


def test_mode_of_a_database_that_is_there_is_left_alone(sqlite_url):
    path = Path(make_url(sqlite_url).database)
    path.chmod(0o660)
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1 FROM comment")
    engine.dispose()
    assert path.stat().st_mode & 0o777 == 0o660


def test_writer_waits_until_another_process_lets_the_lock_go(sqlite_engine):
    path = sqlite_engine.url.database
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.execute, ["ROLLBACK"]).start()
        with writing(sqlite_engine) as connection:
            connection.execute(text("UPDATE site SET name = 'written'"))
        assert other.execute("SELECT name FROM site").fetchone() == ("written",)


def test_lock_that_is_never_let_go_is_an_error_after_the_time_allowed(sqlite_engine):
    with sqlite_engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 200")
    path = sqlite_engine.url.database
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), writing(sqlite_engine):
            pass
        assert 0.2 <= time.monotonic() - began < 2
    with writing(sqlite_engine) as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 200
