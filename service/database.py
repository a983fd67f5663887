"""Opening the database, writing to it, and keeping its tables current."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from service.errors import DatabaseError
from service.migrations import HEAD

BUSY_TIMEOUT_MS = 5_000
PROBE_TIMEOUT_MS = 500
_WRITE, _BRIEF = "ghirbal_write", "ghirbal_brief"
_LOOK_AGAIN_S = 0.001
_OPTIONS: dict[str, Any] = {
    "hide_parameters": True,
    # JSON columns are a quarter of the time of storing a batch with the standard library.
    "json_serializer": lambda value: orjson.dumps(value).decode(),
    "json_deserializer": orjson.loads,
}
# Any fixed number will do: it only has to be the same in every process that upgrades.
_UPGRADE_LOCK = 7_144_622


def open_engine(url: str) -> Engine:
    """Return an engine for a SQLite or PostgreSQL address; nothing is connected yet.

    Raises
    ------
    DatabaseError
        If the address cannot be used or the driver is not installed.
    """
    try:
        parsed = make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() != "sqlite":
            engine = create_engine(
                parsed,
                **_OPTIONS,
                pool_pre_ping=True,
                connect_args={"connect_timeout": BUSY_TIMEOUT_MS // 1_000},
            )
            event.listen(engine, "connect", _set_up_postgresql)
            return engine
        # Waiting for a free connection forever would hide a stuck database from the site.
        engine = create_engine(parsed, **_OPTIONS, pool_timeout=BUSY_TIMEOUT_MS / 1_000)
        Path(str(parsed.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"the folder of the database cannot be made: {error}") from error
    except ModuleNotFoundError as error:
        raise DatabaseError(
            "PostgreSQL needs its driver: pip install 'ghirbal[postgres]'"
        ) from error
    except (NoSuchModuleError, SQLAlchemyError, ValueError) as error:
        raise DatabaseError(f"the database address cannot be used: {error}") from None
    event.listen(engine, "do_connect", _make_sqlite)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_postgresql(connection: Any, _record: object) -> None:  # noqa: ANN401 - of the driver
    # Compiling a statement takes longer than any of ours runs.
    connection.execute("SET jit = off")
    # Nor does any of them work long enough to be worth starting processes for.
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.commit()


def _make_sqlite(_dialect: object, _record: object, arguments: list[Any], _more: object) -> None:
    # For its owner alone, and so what SQLite keeps beside it; of itself it leaves that to the
    # umask. If it cannot be made, SQLite says why.
    with suppress(OSError):
        os.close(os.open(arguments[0], os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions begin too late: BEGIN is sent by _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten; of itself only some builds of SQLite do so.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A read that turns into a write cannot wait for the lock in SQLite, it fails at once:
    # a transaction that will write says so when it begins.
    options = connection.get_execution_options()
    if options.get(_WRITE):
        driver: Any = connection.connection.driver_connection
        # FULL, because an acknowledged comment must survive a power cut; NORMAL survives a crash.
        driver.execute(f"PRAGMA synchronous = {'NORMAL' if options.get(_BRIEF) else 'FULL'}")
        _begin_to_write(connection, driver)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_to_write(connection: Connection, driver: sqlite3.Connection) -> None:
    """Take the write lock as soon as no other process has it.

    SQLite itself looks again at ever longer intervals, up to a tenth of a second: with a few
    processes writing in turns, most of the wait would be for a lock that is free.
    """
    (allowed_ms,) = driver.execute("PRAGMA busy_timeout").fetchone()
    until = time.monotonic() + allowed_ms / 1_000
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_LOOK_AGAIN_S)
            else:
                return
        # Once more, for SQLAlchemy to say what is wrong.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {allowed_ms}")


@contextmanager
def writing(engine: Engine, *, brief: bool = False) -> Iterator[Connection]:
    """Open a transaction that writes; it is on the disk when the block is left.

    Parameters
    ----------
    engine : Engine
        Of the database.
    brief : bool
        What is written may be lost when the machine loses power, but not when the service is
        killed: nobody waits for the disk then.
    """
    options = {_WRITE: True, _BRIEF: brief}
    with (
        _turn(engine),
        engine.connect().execution_options(**options) as connection,
        connection.begin(),
    ):
        if brief and engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield connection


_turns: WeakKeyDictionary[Engine, Lock] = WeakKeyDictionary()
_turns_lock = Lock()


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Let the writers of this process to SQLite wait for each other here.

    SQLite itself has those that wait sleep and look again, longer and longer; with many of them
    some would wait for seconds while the database is free. Other processes are left to it.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    with _turns_lock:
        lock = _turns.setdefault(engine, Lock())
    # Who gets no turn asks SQLite, which says what is wrong.
    mine = lock.acquire(timeout=BUSY_TIMEOUT_MS / 1_000)
    try:
        yield
    finally:
        if mine:
            lock.release()


@contextmanager
def reported() -> Iterator[None]:
    """Turn errors of the database into a `DatabaseError`, for commands."""
    try:
        yield
    except DBAPIError as error:
        raise DatabaseError(f"the database cannot be used: {error.orig}") from error


def current_revision(connection: Connection) -> str | None:
    """Return the migration that the database stands at, None if it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def is_current(engine: Engine) -> bool:
    """Return whether the tables are those that this code expects."""
    with engine.connect() as connection:
        return current_revision(connection) == HEAD


def upgrade(engine: Engine, *, revision: str = "head") -> None:
    """Bring the tables to a revision, the newest by default; safe to call from several processes.

    Raises
    ------
    DatabaseError
        If the database cannot be used, or was made by a newer version of the code.
    """
    with reported():
        if revision == "head" and is_current(engine):
            return
        # Alembic takes half a second to import and is not needed for a current database.
        from service.migrations.run import migrate

        with _changing_tables(engine) as connection:
            migrate(connection, revision)


def upgrade_apart(engine: Engine, url: str) -> None:
    """Do as `upgrade` in a process of its own: Alembic's 12 MB would stay with every worker.

    Raises
    ------
    DatabaseError
        As `upgrade` does.
    """
    with reported():
        if is_current(engine):
            return
    # Two processes must not share a connection.
    engine.dispose()
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as process:
        process.submit(_upgrade_at, url).result()


def _upgrade_at(url: str) -> None:
    engine = open_engine(url)
    try:
        upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def _changing_tables(engine: Engine) -> Iterator[Connection]:
    if engine.dialect.name == "postgresql":
        with writing(engine) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _UPGRADE_LOCK})
            yield connection
        return
    with engine.connect().execution_options(**{_WRITE: True}) as connection:
        # SQLite changes a table by making it anew, and the rows of others that point to it would
        # stop that; the rules rest meanwhile and are checked at the end.
        driver = connection.connection.cursor()
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
                if broken := connection.execute(text("PRAGMA foreign_key_check")).first():
                    raise DatabaseError(
                        f"table {broken[0]} of the database points to rows that are not there: "
                        "restore a backup; nothing was changed"
                    )
        finally:
            driver.execute("PRAGMA foreign_keys = ON")
            driver.close()


def check_writable(engine: Engine) -> None:
    """Raise an error of SQLAlchemy unless the database takes a write."""
    with engine.connect().execution_options(**{_WRITE: True}) as connection:
        sqlite = connection.dialect.name == "sqlite"
        driver = connection.connection.cursor()
        try:
            if sqlite:
                driver.execute(f"PRAGMA busy_timeout = {PROBE_TIMEOUT_MS}")
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            connection.rollback()
        finally:
            if sqlite:
                driver.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            driver.close()
