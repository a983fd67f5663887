"""A service on a fresh database, with a policy whose outcomes do not hang on the model."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from postgres_server import PostgresServer
from service_samples import PASSWORD, POLICY, Browser, Caller
from sqlalchemy import insert, text

from moderation import load_scorer
from service import create_app
from service.database import open_engine, upgrade, writing
from service.keys import Scope, add_key
from service.moderators import find_person
from service.state import EXTENSION
from service.tables import Base, Moderator


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


@pytest.fixture(scope="session")
def postgres_server():
    # Not in a folder of pytest's: its name is too long for a socket.
    with tempfile.TemporaryDirectory() as name:
        server = PostgresServer(Path(name))
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server):
    with postgres_server.database("ghirbal") as url:
        yield url


@pytest.fixture
def postgres_url(shared_postgres_url):
    engine = open_engine(shared_postgres_url)
    with engine.begin() as connection:
        # Triggers rest meanwhile: decisions cannot be removed otherwise.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {tables}, search RESTART IDENTITY CASCADE"))
        connection.execute(text("INSERT INTO site (name, created_at) VALUES ('default', now())"))
    engine.dispose()
    return shared_postgres_url


@pytest.fixture
def own_postgres_url(postgres_server):
    with postgres_server.database("changed") as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def any_database_url(request):
    return request.getfixturevalue({"sqlite": "sqlite_url"}.get(request.param, "postgres_url"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def own_database_url(request):
    """Return the address of a database whose tables a test may change."""
    return request.getfixturevalue({"sqlite": "sqlite_url"}.get(request.param, "own_postgres_url"))


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


_numbers = count(1)


@pytest.fixture
def key_for(engine):
    """Make keys by their scopes."""

    def make(*scopes, name=None):
        with writing(engine) as connection:
            return add_key(connection, name or f"key {next(_numbers)}", scopes)

    return make


@pytest.fixture(scope="session")
def password_hash():
    """Return one hash for all accounts: making one is slow on purpose."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def person_for(engine, password_hash):
    """Make accounts by their role."""

    def make(role, name=None):
        name = name or f"person {next(_numbers)}"
        with writing(engine) as connection:
            row = {"name": name, "display_name": name, "role": role.value, "active": True}
            kept = {"password_hash": password_hash, "password_version": 1, "failed_sign_ins": 0}
            now = datetime.now(UTC)
            added = insert(Moderator).returning(Moderator.id)
            number = connection.scalar(added.values(**row, **kept, preferences={}, created_at=now))
            return find_person(connection, number, 1)

    return make


@pytest.fixture
def sign_in(app, person_for):
    """Open browsers by the role of who sits before them."""

    def make(role, name=None):
        return Browser(app.test_client(), person_for(role, name).name)

    return make


@pytest.fixture
def site(app, key_for):
    """Return a caller that may do everything."""
    return Caller(app.test_client(), key_for(*Scope, name="site"))
