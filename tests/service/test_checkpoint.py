import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from service_samples import APPROVED
from sqlalchemy import text

from service.checkpoint import checkpoint
from service.database import open_engine, writing
from service.retention import Retention, remove_due
from service.worker import Worker

NAME = "نبيل الكاتب"


@pytest.fixture
def deleted(site):
    """Return a site that had a comment deleted on request."""
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED, "author": {"name": NAME}})
    site.post("/v1/comments/c-1/deletion", {"requested_by": "author"})
    return site


def traces(engine):
    """Return in which files text or name can still be read."""
    database = Path(engine.url.database)
    return {
        each.name
        for each in database.parent.glob(f"{database.name}*")
        if any(word.encode() in each.read_bytes() for word in (APPROVED, NAME))
    }


def test_log_keeps_what_was_deleted_until_it_is_emptied(deleted, engine):
    assert traces(engine) == {"ghirbal.sqlite3-wal"}
    assert checkpoint(engine)
    assert traces(engine) == set()


def test_worker_empties_the_log(deleted, engine):
    Worker(engine).run_once()
    assert traces(engine) == set()


def test_retention_empties_the_log(site, engine):
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED, "author": {"name": NAME}})
    remove_due(engine, Retention(approve=1), datetime.now(UTC) + timedelta(days=2))
    assert traces(engine) == set()


def test_reader_in_the_way_is_left_alone_and_nothing_fails(deleted, engine, caplog):
    with closing(sqlite3.connect(engine.url.database, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM comment").fetchone()
        deleted.post("/v1/comments", {"id": "c-2", "text": APPROVED})
        began = time.monotonic()
        assert not checkpoint(engine)
        assert time.monotonic() - began < 4
        worker = Worker(engine)
        worker.run_once()
        assert reader.execute("SELECT count(*) FROM comment").fetchone() == (1,)
    # Tried again in a minute, not in an hour.
    assert worker._emptied_at + 3_600 < time.monotonic() + 61
    assert caplog.records == []
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5_000
    assert checkpoint(engine)


def test_writer_in_the_way_is_left_alone_and_nothing_fails(deleted, engine):
    with closing(sqlite3.connect(engine.url.database, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert not checkpoint(engine)
        writer.execute("ROLLBACK")
    with writing(engine) as connection:
        connection.execute(text("UPDATE site SET name = 'written'"))


def test_database_that_is_gone_is_not_made_anew(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/gone.sqlite3")
    assert not checkpoint(engine)
    assert list(tmp_path.iterdir()) == []
