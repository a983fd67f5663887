import json
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from service_samples import APPROVED, BANNED, SUSPECT
from serving import Served, wait_for

from service.database import open_engine, writing
from service.keys import Scope, add_key
from service.state import EXTENSION

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana.json"


def samples(text):
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def measured(app):
    return lambda: samples(app.test_client().get("/metrics").get_data(as_text=True))


def test_requests_and_errors_are_counted(site, measured):
    site.post("/v1/score", {"text": APPROVED})
    site.post("/v1/score", {"text": ""})
    site.client.open("/nowhere", method="BREW")
    found = measured()
    endpoint, post = ("endpoint", "api.score"), ("method", "POST")
    assert found["ghirbal_http_requests_total", endpoint, post, ("status", "200")] == 1
    assert found["ghirbal_http_requests_total", endpoint, post, ("status", "400")] == 1
    assert found["ghirbal_http_request_duration_seconds_count", endpoint] == 2
    assert found["ghirbal_http_errors_total", ("type", "comment_empty")] == 1
    other = ("endpoint", "none"), ("method", "other"), ("status", "404")
    assert found[("ghirbal_http_requests_total", *other)] == 1


def test_scores_and_actions_of_a_batch_are_counted(site, scorer, measured):
    texts = [APPROVED, SUSPECT, SUSPECT, BANNED]
    site.post("/v1/score", {"comments": [{"text": text} for text in texts]})
    found = measured()
    actions = [
        found["ghirbal_comment_actions_total", ("action", action)]
        for action in ("approve", "review", "reject")
    ]
    assert actions == [1, 2, 1]
    abusive = [score.scores["abusive"] for score in scorer.score(texts)]
    of = ("attribute", "abusive")
    assert found["ghirbal_comment_score_count", of] == 4
    assert found["ghirbal_comment_score_sum", of] == pytest.approx(sum(abusive))
    low = sum(score <= 0.1 for score in abusive)
    assert found["ghirbal_comment_score_bucket", of, ("le", "0.1")] == low


def test_late_answers_show_in_readiness(app, measured):
    app.extensions[EXTENSION].metrics.late("perspective.analyze")
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["scoring"]) == (200, "degraded")
    assert measured()["ghirbal_late_answers_total", ("endpoint", "perspective.analyze")] == 1


def test_failure_that_a_comment_system_would_publish_after_counts_as_late(
    app, key_for, measured, monkeypatch
):
    def fail(*_, **__):
        raise RuntimeError

    key = key_for(Scope.SCORE)
    monkeypatch.setattr("service.analysis.detect", fail)
    body = {"comment": {"text": APPROVED}, "requestedAttributes": {"TOXICITY": {}}}
    answer = app.test_client().post(f"/v1alpha1/comments:analyze?key={key}", json=body)
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (500, "INTERNAL")
    assert measured()["ghirbal_late_answers_total", ("endpoint", "perspective.analyze")] == 1


def test_dashboard_asks_only_for_metrics_that_there_are(site, measured):
    site.post("/v1/score", {"text": ""})
    site.client.application.extensions[EXTENSION].metrics.late("x")
    names = {name for name, *_ in measured()}
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    queries = " ".join(
        target["expr"] for panel in dashboard["panels"] for target in panel["targets"]
    )
    words = set(queries.replace("(", " ").replace("[", " ").replace("{", " ").split())
    asked = {word for word in words if word.startswith("ghirbal_")}
    assert len(asked) >= 6
    assert asked <= names


@pytest.mark.slow
def test_workers_count_together(sqlite_url):
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        key = add_key(connection, "site", [Scope.SCORE])
    engine.dispose()
    served = Served(sqlite_url, "--workers", "2")
    served.start()
    try:
        for _ in range(40):
            assert (
                served.ask("POST", "/v1/score", {"text": APPROVED}, Authorization=f"Bearer {key}")[
                    0
                ]
                == 200
            )
        url = f"http://127.0.0.1:{served.port}/metrics"

        def counted():
            with urllib.request.urlopen(url) as answer:
                found = samples(answer.read().decode())
            return found.get(("ghirbal_comment_score_count", ("attribute", "threat")), 0)

        # Each worker adds its last ones with the next request that it gets.
        wait_for(lambda: counted() == 40, "the workers do not count together")
        assert {counted() for _ in range(8)} == {40}
    finally:
        served.close()
