import json
import warnings

import pytest
from service_samples import APPROVED
from serving import Served
from sqlalchemy import select

from service.database import open_engine, writing
from service.keys import Scope, add_key
from service.tables import Feedback

discovery = pytest.importorskip("googleapiclient.discovery", reason="no google-api-python-client")
HttpError = pytest.importorskip("googleapiclient.errors").HttpError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(sqlite_template, tmp_path_factory):
    path = tmp_path_factory.mktemp("google") / "ghirbal.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    served = Served(f"sqlite:///{path}")
    served.start()
    yield served
    served.close()


@pytest.fixture(scope="module")
def client(served):
    engine = open_engine(served.database_url)
    with writing(engine) as connection:
        key = add_key(connection, "google", [Scope.SCORE, Scope.FEEDBACK])
    engine.dispose()
    with warnings.catch_warnings():
        # The client's own, about versions of Python to come.
        warnings.simplefilter("ignore")
        built = discovery.build(
            "commentanalyzer",
            "v1alpha1",
            developerKey=key,
            discoveryServiceUrl=f"http://127.0.0.1:{served.port}/$discovery/rest?version=v1alpha1",
            static_discovery=False,
        )
    yield built
    built.close()


def test_comment_is_analyzed(client):
    body = {"comment": {"text": APPROVED}, "requestedAttributes": {"TOXICITY": {}}}
    answer = client.comments().analyze(body=body).execute()
    assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] < 0.5


def test_score_is_suggested(client, served):
    body = {
        "comment": {"text": APPROVED},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
        "clientToken": "t-1",
    }
    assert client.comments().suggestscore(body=body).execute()["clientToken"] == "t-1"
    engine = open_engine(served.database_url)
    with engine.connect() as connection:
        assert connection.scalars(select(Feedback.text)).all() == [APPROVED]
    engine.dispose()


def test_error_carries_its_details(client):
    body = {"comment": {"text": ""}, "requestedAttributes": {"TOXICITY": {}}}
    with pytest.raises(HttpError) as caught:
        client.comments().analyze(body=body).execute()
    assert caught.value.reason == "Comment must be non-empty."
    details = json.loads(caught.value.content)["error"]["details"]
    assert caught.value.error_details == details
    assert details[0]["errorType"] == "COMMENT_EMPTY"


def test_batch_is_answered_part_by_part(client):
    seen = {}
    batch = client.new_batch_http_request(lambda name, *answer: seen.update({name: answer}))
    for text in (APPROVED, f"{APPROVED} " * 40, ""):
        body = {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}
        # Names as clients give them: the text itself, which makes a header of several lines.
        batch.add(client.comments().analyze(body=body), request_id=text or "empty")
    batch.execute()
    assert list(seen) == [APPROVED, f"{APPROVED} " * 40, "empty"]
    assert seen[APPROVED][0]["attributeScores"]["TOXICITY"]["spanScores"][0]["begin"] == 0
    assert seen["empty"][1].error_details[0]["errorType"] == "COMMENT_EMPTY"
