"""Emptying SQLite's write-ahead log, which else keeps what was written and deleted since."""

import sqlite3
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.database import BUSY_TIMEOUT_MS, PROBE_TIMEOUT_MS


def checkpoint(engine: Engine) -> bool:
    """Bring all that was written into the main file; False if others were in the way.

    Nothing is lost then, and nothing fails: the next one does it. Writers wait meanwhile, but no
    longer than a moment.
    """
    if engine.dialect.name != "sqlite":
        return True
    # A database that was moved away must not be made anew.
    if not Path(str(engine.url.database)).exists():
        return False
    try:
        connection = engine.raw_connection()
    except (SQLAlchemyError, sqlite3.Error):
        return False
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {PROBE_TIMEOUT_MS}")
        try:
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            cursor.close()
    except sqlite3.Error:
        return False
    finally:
        connection.close()
    return not busy
