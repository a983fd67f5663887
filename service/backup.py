"""A copy of the whole database that is made while the service goes on."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkstemp

from sqlalchemy import URL
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from service.database import current_revision, open_engine, reported
from service.errors import DatabaseError

# So many pages at once, so that writers get their turn in between.
_PAGES = 1_000
_HAS_TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"
_LOOK = "is GHIRBAL_DATABASE_URL set, and this the folder that the service is started in?"


def back_up(url: str, path: Path) -> None:
    """Write a copy to `path`, which must not be there: as it stood at one moment.

    Raises
    ------
    DatabaseError
        If the file is there already, there is no database, or the copy fails.
    """
    if path.exists():
        raise DatabaseError(f"{path} is there already: name a new file")
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        _check_postgresql(url)
        with _made_aside(path) as aside:
            _run("pg_dump", parsed, "--format=custom", f"--file={aside}")
        return
    database = Path(str(parsed.database))
    if not database.exists():
        raise DatabaseError(f"there is no database at {database}: {_LOOK}")
    try:
        # Of itself SQLite makes a database that is not there.
        with closing(sqlite3.connect(f"{_uri(database)}?mode=rw", uri=True)) as source:
            if not source.execute(_HAS_TABLES).fetchone():
                raise DatabaseError(f"{database} holds none of our tables: {_LOOK}")
            with _made_aside(path) as aside, closing(sqlite3.connect(aside)) as copy:
                source.backup(copy, pages=_PAGES)
    except sqlite3.Error as error:
        raise DatabaseError(f"the database cannot be copied: {error}") from error


def restore(url: str, path: Path) -> None:
    """Put a copy back where there is no database yet, or an empty one of PostgreSQL.

    Raises
    ------
    DatabaseError
        If there is a database already, the file is no copy, or the copy is damaged.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "postgresql":
        # All or nothing; it stops at the first table that is there already.
        restored = ("--no-owner", "--single-transaction", str(path.absolute()))
        _run("pg_restore", parsed, *restored)
        return
    target = Path(str(parsed.database))
    # A log without its database is as bad: SQLite would write what it holds into the copy.
    if there := [str(each) for each in (target, *_beside(target)) if os.path.lexists(each)]:
        raise DatabaseError(
            f"there already: {', '.join(there)}; "
            "stop the service and move all of them away together"
        )
    _check_copy(path)
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _made_aside(target) as aside:
        shutil.copyfile(path, aside)


@contextmanager
def _made_aside(path: Path) -> Iterator[Path]:
    """Give a file in the same folder to write, which takes its name when it is whole, or none.

    Only whoever runs the command may read it.
    """
    with _told(path):
        descriptor, name = mkstemp(prefix=f".{path.name}-", dir=path.parent)
        os.close(descriptor)
        aside = Path(name)
        try:
            yield aside
            _to_disk(aside)
            aside.replace(path)
            _to_disk(path.parent)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DatabaseError(f"{path} cannot be written: {error.strerror or error}") from error


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _beside(database: Path) -> list[Path]:
    """Return where SQLite keeps what is not in the main file yet, and what goes with that."""
    return [database.with_name(database.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _check_copy(path: Path) -> None:
    for log in _beside(path):
        if not log.name.endswith("-shm") and log.exists() and log.stat().st_size:
            raise DatabaseError(
                f"{path} is no whole copy: {log} belongs to it; make one with `ghirbal db backup`"
            )
    try:
        # Immutable: nothing is made beside it, and it may lie on a medium that is read-only.
        where = f"{_uri(path)}?mode=ro&immutable=1"
        with closing(sqlite3.connect(where, uri=True)) as copy:
            found = copy.execute("PRAGMA integrity_check").fetchone()[0]
            copy.execute("SELECT version_num FROM alembic_version")
    except sqlite3.Error as error:
        raise DatabaseError(f"{path} is not a copy of a database: {error}") from error
    if found != "ok":
        raise DatabaseError(f"{path} is damaged: {found}")


def _check_postgresql(url: str) -> None:
    engine = open_engine(url)
    try:
        with reported(), engine.connect() as connection:
            if current_revision(connection) is None:
                raise DatabaseError(f"the database holds none of our tables: {_LOOK}")
    finally:
        engine.dispose()


def _parsed(url: str) -> URL:
    try:
        return make_url(url)
    except (SQLAlchemyError, ValueError) as error:
        raise DatabaseError(f"the database address cannot be used: {error}") from None


def _uri(path: Path) -> str:
    return path.absolute().as_uri()


def _run(program: str, url: URL, *arguments: str) -> None:
    found = shutil.which(program)
    if found is None:
        raise DatabaseError(
            f"{program} is not installed; on Debian: apt-get install postgresql-client"
        )
    # Arguments can be read by everybody on the machine, the environment cannot.
    secret = url.password or url.query.get("password")
    address = url.set(drivername="postgresql").difference_update_query(["password"])
    bare = URL.create(**address._asdict() | {"password": None}).render_as_string()
    command = [found, f"--dbname={bare}", *arguments]
    environment = os.environ | ({"PGPASSWORD": str(secret)} if secret else {})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        told = (done.stderr.strip().splitlines() or ["no reason given"])[0]
        raise DatabaseError(f"{program} failed: {told}")
