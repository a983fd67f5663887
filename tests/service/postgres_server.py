"""A PostgreSQL server of our own, which a test may stop and start again."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from service.database import open_engine, upgrade


def _programs():
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("PostgreSQL is not installed")
    return folders[-1]


class PostgresServer:
    """A server on a socket in a folder of its own."""

    def __init__(self, folder):
        pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
        self.folder = folder
        self.programs = _programs()
        # PostgreSQL refuses to run as root.
        self.user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(folder, "postgres", "postgres")
        self._run("initdb", "-U", "ghirbal", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")

    def start(self):
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode="immediate"):
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    @contextmanager
    def database(self, name):
        """Make a database with all tables, and remove it afterwards."""
        maintenance = create_engine(
            f"postgresql+psycopg://ghirbal@/postgres?host={self.folder}",
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
        )
        url = f"postgresql://ghirbal@/{name}?host={self.folder}"
        with maintenance.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        yield url
        with maintenance.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))

    def _run(self, program, *arguments):
        command = [self.programs / program, "-D", self.folder / "data", *arguments]
        quiet = {"stdout": subprocess.DEVNULL, "cwd": self.folder}
        subprocess.run(command, check=True, **quiet, **self.user)
