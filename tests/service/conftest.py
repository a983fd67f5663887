"""A service on a fresh database, with a policy whose outcomes do not hang on the model."""

import os
import shutil
import subprocess
import tempfile
from itertools import count
from pathlib import Path

import pytest
from service_samples import POLICY, Caller
from sqlalchemy import create_engine, text

from moderation import load_scorer
from service import create_app
from service.database import open_engine, upgrade, writing
from service.keys import Scope, add_key
from service.state import EXTENSION


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch):
    for name in list(os.environ):
        if name.startswith("GHIRBAL_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def scorer():
    return load_scorer()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory):
    path = tmp_path_factory.mktemp("template") / "ghirbal.sqlite3"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path):
    path = tmp_path / "ghirbal.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


def _postgres_programs():
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.skip("PostgreSQL is not installed")
    return folders[-1]


@pytest.fixture(scope="session")
def postgres_server():
    """Start a server of our own and return the address of its socket's folder."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    programs = _postgres_programs()
    # PostgreSQL refuses to run as root.
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, "postgres", "postgres")
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": folder} | user
        data = folder / "data"
        initdb = [programs / "initdb", "-D", data, "-U", "ghirbal", "-A", "trust", "-E", "UTF8"]
        subprocess.run([*initdb, "--no-sync", "--locale=C"], **quiet)
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        pg_ctl = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        subprocess.run([*pg_ctl, "-o", options, "start"], **quiet)
        try:
            yield f"?host={folder}"
        finally:
            subprocess.run([*pg_ctl, "-m", "immediate", "stop"], **quiet)


@pytest.fixture(scope="session")
def postgres_template(postgres_server):
    _create_database(postgres_server, "ghirbal_template")
    engine = open_engine(f"postgresql://ghirbal@/ghirbal_template{postgres_server}")
    upgrade(engine)
    engine.dispose()
    return "ghirbal_template"


_numbers = count(1)


def _create_database(server, name, *, template="template0"):
    engine = create_engine(
        f"postgresql+psycopg://ghirbal@/postgres{server}", isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()


@pytest.fixture
def postgres_url(postgres_server, postgres_template):
    name = f"test_{next(_numbers)}"
    _create_database(postgres_server, name, template=postgres_template)
    return f"postgresql://ghirbal@/{name}{postgres_server}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database_url(request):
    return request.getfixturevalue({"sqlite": "sqlite_url"}.get(request.param, "postgres_url"))


@pytest.fixture
def database_url(sqlite_url):
    """Return the address of a fresh database; a module that tests the store overrides it."""
    return sqlite_url


@pytest.fixture
def policy_file(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(POLICY, encoding="utf-8")
    return path


@pytest.fixture
def app(database_url, policy_file):
    app = create_app({"DATABASE_URL": database_url, "POLICY_FILE": policy_file})
    yield app
    app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def engine(app):
    return app.extensions[EXTENSION].engine


@pytest.fixture
def key_for(engine):
    """Make keys by their scopes."""

    def make(*scopes, name=None):
        with writing(engine) as connection:
            return add_key(connection, name or f"key {next(_numbers)}", scopes)

    return make


@pytest.fixture
def site(app, key_for):
    """Return a caller that may do everything."""
    return Caller(app.test_client(), key_for(*Scope, name="site"))
