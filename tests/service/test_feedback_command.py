import json

import pytest
from click.testing import CliRunner
from service_samples import APPROVED, SUSPECT

from service.cli import ghirbal
from service.keys import Scope


@pytest.fixture
def database_url(any_database_url):
    return any_database_url


@pytest.fixture
def suggest(app, key_for):
    client, key = app.test_client(), key_for(Scope.FEEDBACK, name="coral")

    def post(text, scores, **more):
        body = {"comment": {"text": text}, "attributeScores": scores} | more
        answer = client.post(f"/v1alpha1/comments:suggestscore?key={key}", json=body)
        assert answer.status_code == 200

    return post


@pytest.fixture
def export(monkeypatch, database_url):
    monkeypatch.setenv("GHIRBAL_DATABASE_URL", database_url)

    def run(*options):
        result = CliRunner().invoke(ghirbal, ["feedback", "export", *options])
        assert result.exit_code == 0
        return [json.loads(line) for line in result.stdout.splitlines()]

    return run


def toxicity(value):
    return {"TOXICITY": {"summaryScore": {"value": value}}}


def test_feedback_comes_as_examples_of_our_attributes(suggest, export):
    suggest(SUSPECT, toxicity(1) | {"INSULT@2": {"summaryScore": {"value": 0.5}}, "SPAM": {}})
    suggest(APPROVED, toxicity(0))
    first, second = export()
    assert first.pop("created_at").endswith("+00:00")
    assert first == {
        "id": "feedback:1",
        "text": SUSPECT,
        "abusive": 1.0,
        "insult": 0.5,
        "source": "perspective",
        "key": "coral",
    }
    assert (second["text"], second["abusive"]) == (APPROVED, 0.0)


def test_last_word_on_a_comment_counts(suggest, export):
    suggest(SUSPECT, toxicity(0), clientToken="comment:1")
    suggest(SUSPECT, toxicity(0), clientToken="comment:2")
    suggest(SUSPECT, toxicity(1), clientToken="comment:1")
    assert [(each["id"], each["abusive"]) for each in export()] == [
        ("feedback:2", 0.0),
        ("feedback:3", 1.0),
    ]


def test_feedback_on_nothing_that_is_scored_is_left_out(suggest, export):
    suggest(SUSPECT, {"SPAM": {"summaryScore": {"value": 1}}})
    suggest(SUSPECT, {"TOXICITY": {}})
    assert export() == []


def test_examples_go_to_a_file(suggest, export, tmp_path):
    suggest(APPROVED, toxicity(0))
    path = tmp_path / "feedback.jsonl"
    assert export("--output", str(path)) == []
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == APPROVED
