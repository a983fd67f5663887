import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from service_samples import SUSPECT
from sqlalchemy import inspect, text

from service.database import current_revision, is_current, open_engine, upgrade, writing
from service.errors import DatabaseError
from service.migrations import HEAD
from service.migrations.run import alembic_config
from service.tables import Base


@pytest.fixture
def database_url(own_database_url):
    return own_database_url


@pytest.fixture
def bare_engine(database_url):
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def test_migrations_make_the_tables_that_the_code_expects(bare_engine):
    with bare_engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_migration():
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == HEAD


def test_down_and_up_again_leaves_the_same_tables(bare_engine):
    before = sorted(inspect(bare_engine).get_table_names())
    upgrade(bare_engine, revision="base")
    assert inspect(bare_engine).get_table_names() == ["alembic_version"]
    assert not is_current(bare_engine)
    upgrade(bare_engine)
    assert is_current(bare_engine)
    assert sorted(inspect(bare_engine).get_table_names()) == before


def test_upgrade_keeps_what_is_stored(site, engine):
    site.post("/v1/comments", {"id": "1", "text": SUSPECT})
    upgrade(engine)
    assert site.get("/v1/comments/1").get_json()["text"] == SUSPECT


def test_database_of_a_newer_version_is_refused(bare_engine):
    with writing(bare_engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="another version of ghirbal"):
        upgrade(bare_engine)
    with bare_engine.connect() as connection:
        assert current_revision(connection) == "9999"


def test_file_that_is_not_a_database_is_named_as_such(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be looked at " * 10, encoding="utf-8")
    with pytest.raises(DatabaseError, match="not a database"):
        upgrade(open_engine(f"sqlite:///{path}"))


def test_folder_of_the_database_is_made(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/new/folder/ghirbal.sqlite3")
    upgrade(engine)
    assert is_current(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_sqlite_is_set_up_to_keep_what_it_acknowledged(sqlite_url, pragma, value):
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
    engine.dispose()
