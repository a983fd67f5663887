import json
import logging

import pytest
from service_samples import APPROVED, SUSPECT
from serving import Served

from service.database import open_engine, writing
from service.keys import Scope, add_key


@pytest.mark.parametrize("given", ["abc-1", "A.b_c"])
def test_id_of_a_request_comes_back(app, given):
    answer = app.test_client().get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", [None, "", "a b", "ا", "x" * 65, '"}'])
def test_id_that_could_harm_a_log_is_replaced(app, given):
    headers = {} if given is None else {"X-Request-Id": given.encode().decode("latin-1")}
    answer = app.test_client().get("/healthz", headers=headers)
    assert len(answer.headers["X-Request-Id"]) == 16


@pytest.mark.parametrize(
    "path", ["/healthz", "/nowhere", "/v1/queue", "/v1alpha1/comments:analyze"]
)
def test_every_answer_names_model_and_policy(app, scorer, path):
    headers = app.test_client().get(path).headers
    assert (headers["X-Ghirbal-Model"], headers["X-Ghirbal-Policy"]) == (scorer.version, "test-1")


def test_request_is_noted_without_address_text_or_key(site, caplog):
    caplog.set_level(logging.INFO, logger="service.requests")
    site.post("/v1/comments", {"id": "secret-id", "text": SUSPECT})
    site.post("/v1/score", {"text": ""})
    stored, refused = caplog.records
    assert (stored.endpoint, stored.status, stored.method) == ("api.post_comment", 201, "POST")
    assert stored.duration_ms > 0
    assert (refused.status, refused.error) == (400, "comment_empty")
    noted = json.dumps([vars(record) for record in caplog.records], default=str)
    for secret in ("secret-id", SUSPECT, site.headers["Authorization"].split()[1]):
        assert secret not in noted


@pytest.mark.slow
def test_lines_of_a_server_are_json(sqlite_url, monkeypatch):
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        key = add_key(connection, "site", [Scope.SCORE])
    engine.dispose()
    monkeypatch.setenv("GHIRBAL_LOG_FORMAT", "json")
    monkeypatch.setenv("GHIRBAL_LOG_LEVEL", "info")
    served = Served(sqlite_url)
    served.start()
    try:
        path = f"/v1alpha1/comments:analyze?key={key}"
        body = {"comment": {"text": APPROVED}, "requestedAttributes": {"TOXICITY": {}}}
        assert served.ask("POST", path, body, **{"X-Request-Id": "r-1"})[0] == 200
        _, _, errors = served.stop()
    finally:
        served.close()
    lines = [json.loads(line) for line in errors.splitlines()]
    [line] = [each for each in lines if each["request_id"] == "r-1"]
    assert (line["level"], line["endpoint"], line["status"]) == ("INFO", "perspective.analyze", 200)
    assert key not in errors
    assert APPROVED not in errors
