import pytest
from service_samples import APPROVED, Caller

from service import create_app
from service.errors import SettingsError
from service.keys import Scope


@pytest.fixture
def limited(database_url):
    return create_app({"DATABASE_URL": database_url, "RATE_LIMIT": "2/hour"})


def test_key_that_asks_too_often_is_told_when_to_come_back(limited, key_for):
    first = Caller(limited.test_client(), key_for(Scope.SCORE))
    second = Caller(limited.test_client(), key_for(Scope.SCORE))
    statuses = [first.post("/v1/score", {"text": APPROVED}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    answer = first.post("/v1/score", {"text": APPROVED})
    assert answer.get_json()["error"]["type"] == "rate_limited"
    assert 1 <= int(answer.headers["Retry-After"]) <= 3_600
    assert second.post("/v1/score", {"text": APPROVED}).status_code == 200


def test_foreign_formats_tell_it_in_their_own_way(limited, key_for):
    key = key_for(Scope.SCORE)
    caller = Caller(limited.test_client(), key)
    for _ in range(2):
        caller.post("/v1/moderations", {"input": APPROVED})
    answer = caller.post("/v1/moderations", {"input": APPROVED})
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (429, "requests")
    answer = caller.client.post(f"/v1alpha1/comments:analyze?key={key}")
    error = answer.get_json()["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert "Retry-After" in answer.headers


def test_probes_are_not_limited(limited):
    client = limited.test_client()
    assert {client.get("/healthz").status_code for _ in range(5)} == {200}


@pytest.mark.parametrize(
    "settings",
    [
        {"RATE_LIMIT": "often"},
        {"RATE_LIMIT": "1/second", "RATE_LIMIT_STORAGE": "nowhere://"},
        {"RATE_LIMIT": "1/second", "RATE_LIMIT_STORAGE": "redis://127.0.0.1:1/0"},
    ],
)
def test_limit_that_cannot_be_kept_stops_the_start(database_url, settings):
    pytest.importorskip("redis", reason="the Redis client is not installed")
    with pytest.raises(SettingsError, match="rate_limit"):
        create_app({"DATABASE_URL": database_url} | settings)
