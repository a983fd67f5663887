"""A newsroom with as many comments as wanted, written by the database itself."""

from random import Random

from sqlalchemy import Engine, text

from service.database import writing
from service.search import index_texts

TEXTS = 2_000
_WORDS = """السوق القديم جزء من ذاكرة المدينة والبلدية تعد بخطة جديدة لا نعرف عنها شيئا حتى الان
المقال مفيد والكاتب يكتب عن الناس كما هم شكرا على الخبر ننتظر رأي الوزارة في المدرسة
الشارع مزدحم كل صباح والحافلات قليلة وأسعار الخضار ترتفع في كل موسم يا جماعة الخير""".split()  # noqa: SIM905 - read as lines
# One row of each number; recursive on SQLite, where series need an extension.
_NUMBERS = {
    "sqlite": """WITH RECURSIVE n(i) AS (
        SELECT :first UNION ALL SELECT i + 1 FROM n WHERE i < :last)""",
    "postgresql": "WITH n AS (SELECT generate_series(CAST(:first AS bigint), :last) AS i)",
}
_WAITS = "i > :total - :waiting"
_SCORE = (
    f"CASE WHEN {_WAITS} THEN (i * 7919 % 10007) / 10007.0 ELSE (i * 7919 % 5003) / 10007.0 END"
)
_TIME = {
    "sqlite": "datetime('2026-01-01', '+' || (i * 3) || ' seconds')",
    "postgresql": "timestamptz '2026-01-01' + i * interval '3 seconds'",
}
_STEP = 250_000


def fill(engine: Engine, *, total: int, waiting: int) -> None:
    """Write `total` comments, the last `waiting` of which are in review."""
    random = Random(20261124)  # noqa: S311 - texts, not secrets
    texts = [" ".join(random.choices(_WORDS, k=random.randint(6, 24))) for _ in range(TEXTS)]
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE bench_text (i integer PRIMARY KEY, text text)"))
        rows = [{"i": i, "text": each} for i, each in enumerate(texts)]
        connection.execute(text("INSERT INTO bench_text (i, text) VALUES (:i, :text)"), rows)
        section = [{"name": f"section {i}"} for i in range(20)]
        connection.execute(text("INSERT INTO section (site_id, name) VALUES (1, :name)"), section)
        article = [{"name": f"article {i}", "section": i % 20 + 1} for i in range(5_000)]
        connection.execute(
            text(
                "INSERT INTO article (external_id, title, section_id)"
                " VALUES (:name, :name, :section)"
            ),
            article,
        )
    for first in range(1, total + 1, _STEP):
        last = min(first + _STEP - 1, total)
        with writing(engine) as connection:
            if engine.dialect.name == "sqlite":
                connection.execute(text("PRAGMA cache_size = -1000000"))
            for statement in _statements(engine.dialect.name):
                bounds = {"first": first, "last": last, "total": total, "waiting": waiting}
                used = {name: value for name, value in bounds.items() if f":{name}" in statement}
                connection.execute(text(statement), used)
    for first in range(total - waiting + 1, total + 1, 5_000):
        numbers = range(first, min(first + 5_000, total + 1))
        with writing(engine) as connection:
            index_texts(connection, [(i, texts[i % TEXTS]) for i in numbers])
    _finish(engine, total)


def _statements(dialect: str) -> list[str]:
    numbers, moment = _NUMBERS[dialect], _TIME[dialect]
    action = f"CASE WHEN {_WAITS} THEN 'review' WHEN i % 20 = 0 THEN 'reject' ELSE 'approve' END"
    shares = "0.1, 0.1, 0.1, 0.1, (i % 97) / 97.0"
    # With blanks: SQLAlchemy would take a colon before a letter for a parameter.
    scores = """'{"abusive": 0.4, "severe": 0.1, "insult": 0.3, "obscene": 0.0,
    "identity_hate": 0.1, "threat": 0.0}'"""
    # ruff: noqa: S608 - of constants of this module
    bodies = [
        "INSERT INTO comment (id, external_id, author_id, author_name, article_id, section_id,"
        " created_at, received_at, revision, action, script, score, uncertainty, flags, abusive,"
        f" severe, insult, obscene, identity_hate, threat) {numbers} SELECT i, 'c-' || i,"
        " 'u-' || (i * 31 % 50021), 'reader', i % 5000 + 1, i % 20 + 1,"
        f" {moment}, {moment}, 1, {action}, CASE WHEN i % 10 = 0 THEN 'latin' ELSE 'arabic' END,"
        f" {_SCORE}, 1 - abs(2 * ({_SCORE}) - 1), CASE WHEN i % 50 = 0 THEN i % 7 ELSE 0 END,"
        f" {_SCORE}, {shares} FROM n",
        f"INSERT INTO revision (comment_id, number, text, created_at) {numbers} SELECT n.i, 1,"
        f" bench_text.text, {moment.replace('i *', 'n.i *')} FROM n"
        f" JOIN bench_text ON bench_text.i = n.i % {TEXTS}",
        "INSERT INTO score (comment_id, revision, model, scores, spans, created_at)"
        f" {numbers} SELECT i, 1, 'bench', {scores}, '[]', {moment} FROM n",
        "INSERT INTO decision (comment_id, revision, action, reasons, source, model, policy,"
        f" created_at) {numbers} SELECT i, 1, {action}, '[\"abusive\"]', 'model', 'bench', 'bench',"
        f" {moment} FROM n",
    ]
    if dialect == "postgresql":
        # A number inserted by hand does not move the sequence on.
        bodies.append("SELECT setval(pg_get_serial_sequence('comment', 'id'), :last)")
    return bodies if dialect == "postgresql" else [_sqlite_order(body) for body in bodies]


def _sqlite_order(statement: str) -> str:
    """Put the numbers before INSERT, where SQLite wants them."""
    numbers = _NUMBERS["sqlite"]
    return f"{numbers} {statement.replace(f' {numbers}', '')}"


def _finish(engine: Engine, total: int) -> None:
    """Do at once what the database does in time: collect statistics, tidy up."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("VACUUM ANALYZE"))
        else:
            connection.execute(text("ANALYZE"))
        assert connection.scalar(text("SELECT max(id) FROM comment")) == total  # noqa: S101
