import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from service_samples import SUSPECT
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from service.database import current_revision, is_current, open_engine, upgrade, writing
from service.errors import DatabaseError
from service.migrations import HEAD
from service.migrations.run import alembic_config
from service.queue import read_page
from service.schema import QueueQuery
from service.tables import IN_REVIEW, Base


@pytest.fixture
def database_url(own_database_url):
    return own_database_url


@pytest.fixture
def bare_engine(database_url):
    engine = open_engine(database_url)
    yield engine
    engine.dispose()


def is_search(name, kind):
    return kind == "table" and (name == "search" or name.startswith("search_"))


def test_migrations_make_the_tables_that_the_code_expects(bare_engine):
    with bare_engine.connect() as connection:
        # The search index is a virtual table of SQLite's, a tsvector of PostgreSQL's.
        named = {"include_name": lambda name, kind, _parents: not is_search(name, kind)}
        context = MigrationContext.configure(connection, opts={"compare_type": True} | named)
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


# What version 0003 of the tables held, written as it was then.
FILLED = [
    """INSERT INTO article (id, external_id, title) VALUES (1, 'a-1', 'one')""",
    """INSERT INTO comment (id, external_id, article_id, created_at, received_at, revision, action,
    score) VALUES (1, 'c-1', 1, :now, :now, 1, 'review', 0.75),
    (2, 'c-2', NULL, :now, :now, 1, 'approve', 0.25)""",
    """INSERT INTO revision (comment_id, number, text, created_at)
    VALUES (1, 1, 'وبالكتاب', :now), (2, 1, 'قلم', :now)""",
    """INSERT INTO score (comment_id, revision, model, scores, spans, created_at) VALUES
    (1, 1, 'm', '{"abusive": 0.75, "severe": 0.1, "insult": 0.5, "obscene": 0, "identity_hate": 0,
    "threat": 0.25}', '[]', :now),
    (2, 1, 'm', '{"abusive": 0.25, "severe": 0, "insult": 0, "obscene": 0, "identity_hate": 0,
    "threat": 0}', '[]', :now)""",
    """INSERT INTO decision (comment_id, revision, action, reasons, source, model, policy,
    created_at) VALUES (1, 1, 'review', '["abusive"]', 'model', 'm', 'p', :now),
    (2, 1, 'approve', '[]', 'model', 'm', 'p', :now)""",
]
KEPT = """SELECT comment.id, comment.external_id, article.external_id, comment.action,
    revision.text, score.model, decision.policy
    FROM comment LEFT JOIN article ON article.id = comment.article_id
    JOIN revision ON revision.comment_id = comment.id JOIN score ON score.comment_id = comment.id
    JOIN decision ON decision.comment_id = comment.id ORDER BY comment.id"""
EXPECTED = [
    (1, "c-1", "a-1", "review", "وبالكتاب", "m", "p"),
    (2, "c-2", None, "approve", "قلم", "m", "p"),
]

ADDED = [
    """INSERT INTO comment (id, external_id, created_at, received_at, revision, action, score)
    VALUES (:id, :name, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 1, 'approve', 0)""",
    """INSERT INTO revision (comment_id, number, text, created_at)
    VALUES (:id, 1, :body, CURRENT_TIMESTAMP)""",
    """INSERT INTO score (comment_id, revision, model, scores, spans, created_at)
    SELECT :id, 1, model, scores, spans, created_at FROM score WHERE comment_id = 2""",
]
# An edit, a deletion, and a comment that came after scripts were told apart.
SINCE = [
    """INSERT INTO revision (comment_id, number, text, created_at)
    VALUES (2, 2, 'hello again', CURRENT_TIMESTAMP)""",
    "UPDATE comment SET revision = 2 WHERE id = 2",
    "UPDATE revision SET text = '' WHERE comment_id = 6",
    "UPDATE comment SET script = 'mixed' WHERE id = 7",
]


@pytest.fixture
def filled_engine(bare_engine):
    upgrade(bare_engine, revision="base")
    upgrade(bare_engine, revision="0003")
    with writing(bare_engine) as connection:
        for statement in FILLED:
            connection.execute(text(statement.replace(":now", "CURRENT_TIMESTAMP")))
    return bare_engine


def test_filled_database_comes_up_with_all_it_holds(filled_engine):
    upgrade(filled_engine)
    with filled_engine.connect() as connection:
        assert connection.execute(text(KEPT)).all() == EXPECTED
        query = text("SELECT site_id, threat, uncertainty, flags FROM comment ORDER BY id")
        assert connection.execute(query).all() == [(1, 0.25, 0.5, 0), (1, 0, 0.5, 0)]
        page, _ = read_page(connection, QueueQuery(search="كتاب"), visible=IN_REVIEW)
        assert [row["external_id"] for row in page] == ["c-1"]


def test_filled_database_goes_down_with_all_it_held(filled_engine):
    upgrade(filled_engine)
    upgrade(filled_engine, revision="0003")
    with filled_engine.connect() as connection:
        assert connection.execute(text(KEPT)).all() == EXPECTED
    with pytest.raises(DBAPIError), writing(filled_engine) as connection:
        connection.execute(text("DELETE FROM decision"))


def test_rules_hold_after_the_tables_were_made_anew(filled_engine):
    upgrade(filled_engine)
    for statement in (
        "UPDATE comment SET action = 'perhaps'",
        "UPDATE comment SET threat = 2",
        "UPDATE comment SET site_id = 9",
        "UPDATE comment SET external_id = 'c-1'",
        "UPDATE comment SET script = 'greek'",
        "DELETE FROM revision",
        "UPDATE decision SET note = 'x'",
        "DELETE FROM decision",
        "UPDATE article SET section_id = 9",
    ):
        with pytest.raises(DBAPIError), writing(filled_engine) as connection:
            connection.execute(text(statement))


def test_comments_from_before_scripts_were_told_apart_are_found_by_them(filled_engine):
    bodies = ["salam ya 3alam", "مرحبا hello", "12 %", "قلم", "قلم", *["salam"] * 1_000]
    rows = [
        {"id": number, "name": f"c-{number}", "body": body} for number, body in enumerate(bodies, 3)
    ]
    with writing(filled_engine) as connection:
        for statement in ADDED:
            connection.execute(text(statement), rows)
    upgrade(filled_engine, revision="0011")
    with writing(filled_engine) as connection:
        for statement in SINCE:
            connection.execute(text(statement))
    upgrade(filled_engine)
    with filled_engine.connect() as connection:
        found = connection.scalars(text("SELECT script FROM comment ORDER BY id")).all()
        assert found[:7] == ["arabic", "latin", "latin", "mixed", "none", "none", "mixed"]
        assert found[7:] == ["latin"] * 1_000
        page, _ = read_page(connection, QueueQuery(script="arabic"), visible=IN_REVIEW)
        assert [row["external_id"] for row in page] == ["c-1"]


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
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", 5000),
        ("secure_delete", 1),
    ],
)
def test_sqlite_is_set_up_to_keep_what_it_acknowledged_and_no_more(sqlite_url, pragma, value):
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value
    engine.dispose()
