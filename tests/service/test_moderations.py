import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_samples import APPROVED, BANNED
from serving import Served

from service import create_app
from service.database import open_engine, writing
from service.keys import Scope, add_key
from service.moderations import CATEGORIES

ASSESSED = {
    "harassment",
    "harassment/threatening",
    "sexual",
    "hate",
    "hate/threatening",
    "violence",
}
INSULT = "انت حمار ومش بتفهم"


@pytest.fixture
def suggested(database_url, key_for):
    """Ask a service under the policy that the model suggests."""
    client = create_app({"DATABASE_URL": database_url}).test_client()
    headers = {"Authorization": f"Bearer {key_for(Scope.SCORE)}"}
    return lambda given: client.post("/v1/moderations", json={"input": given}, headers=headers)


def test_thirteen_categories_are_answered(suggested, scorer):
    answer = suggested(INSULT).get_json()
    assert answer["id"].startswith("modr-")
    assert answer["model"] == f"ghirbal-{scorer.version}"
    [result] = answer["results"]
    assert result["flagged"] is True
    assert len(CATEGORIES) == 13
    for name in ("categories", "category_scores", "category_applied_input_types"):
        assert set(result[name]) == set(CATEGORIES)
    assert result["categories"]["harassment"] is True
    assert result["categories"]["violence"] is False


def test_what_is_not_assessed_is_zero(suggested):
    [result] = suggested(INSULT).get_json()["results"]
    for category in set(CATEGORIES) - ASSESSED:
        assert result["category_scores"][category] == 0
        assert result["categories"][category] is False
        assert result["category_applied_input_types"][category] == []


def test_list_is_answered_in_order_and_parts_as_one(suggested):
    flagged = [each["flagged"] for each in suggested([INSULT, APPROVED]).get_json()["results"]]
    assert flagged == [True, False]
    parts = [{"type": "text", "text": APPROVED}, {"type": "text", "text": INSULT}]
    assert [each["flagged"] for each in suggested(parts).get_json()["results"]] == [True]


def test_word_of_the_newsroom_flags(site):
    [result] = site.post("/v1/moderations", {"input": BANNED}).get_json()["results"]
    assert result["flagged"] is True
    assert not any(result["categories"].values())


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 1}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": ["a", " "]}, "input[1]"),
        ({"input": ["a", 1]}, "input"),
        ({"input": [1_820, 25]}, "input"),
        ({"input": [[1_820], [25]]}, "input"),
        ({"input": ["a"] * 1_001}, "input"),
        ({"input": "ا" * 10_241}, "input"),
        ({"input": [{"type": "input_text", "text": "a"}]}, "input"),
        ({"input": [{"type": "text", "text": 1}]}, "input"),
        ({"input": "\ud83d"}, "input"),
        ({"input": ["a", "\ud83d"]}, "input[1]"),
        ({"input": [{"type": "text", "text": "\ud83d"}]}, "input"),
        ({"input": [{"type": "image_url", "image_url": {"url": "https://a/b"}}]}, "input"),
    ],
)
def test_wrong_input_is_named(site, body, param):
    answer = site.post("/v1/moderations", body)
    error = answer.get_json()["error"]
    assert answer.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    wrong = ("invalid_request_error", param, None)
    assert (error["type"], error["param"], error["code"]) == wrong


def test_unknown_key_is_told_in_the_format(app):
    answer = app.test_client().post("/v1/moderations", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert answer.get_json()["error"]["code"] == "invalid_api_key"


def test_wrong_method_is_told_in_the_format(app):
    answer = app.test_client().get("/v1/moderations")
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (
        405,
        "invalid_request_error",
    )
    assert answer.headers["Allow"]


PARTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", 1]), "text": st.text()}
)
INPUTS = st.none() | st.integers() | st.text(st.characters()) | st.lists(st.text() | PARTS)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(given_=INPUTS)
def test_no_input_is_answered_with_a_fault(site, given_):
    assert site.post("/v1/moderations", {"input": given_}).status_code in {200, 400}


@pytest.fixture(scope="module")
def client(sqlite_template, tmp_path_factory):
    openai = pytest.importorskip("openai", reason="the OpenAI client is not installed")
    path = tmp_path_factory.mktemp("openai") / "ghirbal.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    engine = open_engine(f"sqlite:///{path}")
    with writing(engine) as connection:
        key = add_key(connection, "openai", [Scope.SCORE])
    engine.dispose()
    served = Served(f"sqlite:///{path}")
    served.start()
    with openai.OpenAI(base_url=f"http://127.0.0.1:{served.port}/v1", api_key=key) as client:
        yield client
    served.close()


@pytest.mark.slow
def test_official_client_reads_the_answer(client):
    answer = client.moderations.create(model="omni-moderation-latest", input=[INSULT, APPROVED])
    assert [result.flagged for result in answer.results] == [True, False]
    assert answer.results[0].categories.harassment is True
    assert answer.results[0].category_scores.self_harm == 0
    assert answer.results[0].category_applied_input_types.harassment == ["text"]


@pytest.mark.slow
def test_official_client_raises_its_own_errors(client):
    import openai

    with pytest.raises(openai.BadRequestError) as caught:
        client.moderations.create(input=[""])
    assert caught.value.body["param"] == "input[0]"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="x").moderations.create(input="a")
