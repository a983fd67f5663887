import re

import pytest
from service_samples import APPROVED, SUSPECT

from service.answers import (
    BatchAnswer,
    CommentAnswer,
    DecisionAnswer,
    ErrorAnswer,
    QueueAnswer,
    ReadyAnswer,
    ScoreAnswer,
    StandingAnswer,
)

# Described elsewhere: the formats of others, and the description itself.
ELSEWHERE = {"/v1/moderations", "/v1/openapi.json", "/v1/docs"}


@pytest.fixture
def document(app):
    return app.test_client().get("/v1/openapi.json").get_json()


def test_every_native_route_is_described(app, document):
    native = {
        re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/v1/") and rule.rule not in ELSEWHERE
    }
    assert document["openapi"].startswith("3.1")
    assert native | {"/healthz", "/readyz"} == set(document["paths"])


def test_every_reference_leads_somewhere(document):
    names = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert names <= set(document["components"]["schemas"])
    assert {"ScoreItem", "Batch", "CommentIn", "DecisionIn", "ErrorAnswer"} <= names


def test_fields_are_those_of_the_models_that_check_requests(document):
    schema = document["components"]["schemas"]["CommentIn"]
    assert schema["required"] == ["id", "text"]
    assert schema["properties"]["id"] == {
        "maxLength": 200,
        "minLength": 1,
        "title": "Id",
        "type": "string",
    }


def test_answers_are_as_described(site):
    BatchAnswer.model_validate(
        site.post("/v1/score", {"comments": [{"text": SUSPECT}, {"text": ""}]}).get_json()
    )
    ScoreAnswer.model_validate(site.post("/v1/score", {"text": APPROVED}).get_json())
    comment = {"id": "c-1", "text": SUSPECT}
    StandingAnswer.model_validate(site.post("/v1/comments", comment).get_json())
    QueueAnswer.model_validate(site.get("/v1/queue").get_json())
    decision = site.post("/v1/comments/c-1/decisions", {"action": "approve"}).get_json()
    DecisionAnswer.model_validate(decision)
    CommentAnswer.model_validate(site.get("/v1/comments/c-1").get_json())
    ErrorAnswer.model_validate(site.get("/v1/comments/c-2").get_json())
    ReadyAnswer.model_validate(site.get("/readyz").get_json())


def test_comment_that_was_deleted_is_described_as_gone(site, document):
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    site.post("/v1/comments/c-1/deletion", {"requested_by": "author"})
    assert site.post("/v1/comments", {"id": "c-1", "text": APPROVED}).status_code == 410
    for path, body in (
        ("/v1/comments/c-1/decisions", {"action": "approve"}),
        ("/v1/comments/c-1/flags", {}),
    ):
        assert site.post(path, body).status_code == 410
    assert site.get("/v1/comments/c-1").status_code == 200
    assert site.post("/v1/comments/c-1/deletion", {"requested_by": "site"}).status_code == 200
    assert answering(document, "410") == {
        "/v1/comments",
        "/v1/comments/{comment_id}/decisions",
        "/v1/comments/{comment_id}/flags",
    }


def test_only_a_decision_on_one_comment_is_described_as_a_conflict(document):
    assert answering(document, "409") == {"/v1/comments/{comment_id}/decisions"}


def test_whatever_takes_a_body_is_described_as_waiting_for_it_in_vain(document):
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert any("408" in each["responses"] for each in operations)
    assert all(("408" in each["responses"]) == ("requestBody" in each) for each in operations)


def answering(document, status):
    return {
        path
        for path, methods in document["paths"].items()
        if any(status in each["responses"] for each in methods.values())
    }


def test_page_needs_no_network(app, document):
    page = app.test_client().get("/v1/docs").get_data(as_text=True)
    for path in document["paths"]:
        assert path in page
    assert "<script" not in page
    assert re.findall(r"(?:src|href)=\"(?!#)([^\"]+)", page) == ["openapi.json"]


@pytest.mark.slow
def test_generated_requests_get_described_answers(app, key_for):
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    headers = {"Authorization": f"Bearer {key_for('score', 'ingest', 'read', 'decide')}"}
    schema = schemathesis.openapi.from_wsgi("/v1/openapi.json", app)
    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=25,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case):
            case.call_and_validate(headers=headers, checks=checks)

        ask()
