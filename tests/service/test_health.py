import pytest
from sqlalchemy import text

from service import create_app
from service.database import writing


def test_process_that_answers_is_alive(app):
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_names_what_is_in_use(app, scorer):
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "status": "ready",
            "model": scorer.version,
            "policy": "test-1",
            "database": "ok",
            "scoring": "ok",
        },
    )


def test_not_ready_without_migrations(tmp_path):
    app = create_app({"DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"})
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["database"] == "migrations are missing: run `ghirbal db upgrade`"
    assert app.test_client().get("/healthz").status_code == 200


def test_not_ready_while_the_database_cannot_be_written(app, engine):
    client = app.test_client()
    with writing(engine):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.get_json()["database"]) == (503, "cannot be written")
    assert client.get("/readyz").status_code == 200


def test_probe_leaves_the_waiting_time_as_it_was(app, engine):
    app.test_client().get("/readyz")
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA busy_timeout")) == 5_000


@pytest.mark.slow
def test_not_ready_while_postgresql_is_away(postgres_server):
    elsewhere = f"postgresql://ghirbal@/ghirbal?port=1&host={postgres_server.folder}"
    app = create_app({"DATABASE_URL": elsewhere})
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["database"]) == (503, "cannot be written")
    headers = {"Authorization": "Bearer ghirbal_0123456789ab_x"}
    answer = app.test_client().get("/v1/queue", headers=headers)
    assert answer.status_code == 503
    assert answer.get_json()["error"]["type"] == "database_unavailable"
