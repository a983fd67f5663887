import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_samples import APPROVED
from sqlalchemy import select, text

from service import create_app
from service.keys import Scope
from service.tables import ApiKey, Feedback

ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
PRODUCTION = [
    "TOXICITY",
    "SEVERE_TOXICITY",
    "IDENTITY_ATTACK",
    "INSULT",
    "PROFANITY",
    "THREAT",
]
INSULT = "انت حمار ومش بتفهم"


@pytest.fixture
def key(key_for):
    return key_for(Scope.SCORE, Scope.FEEDBACK, name="perspective")


@pytest.fixture
def ask(app, key):
    client = app.test_client()

    def post(body, path=ANALYZE):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f"{path}?key={key}", data=data, content_type="application/json")

    return post


def request_of(text_, **more):
    return {"comment": {"text": text_}, "requestedAttributes": {"TOXICITY": {}}} | more


def error_of(answer):
    body = answer.get_json()["error"]
    assert body["code"] == answer.status_code
    return body["status"], body["details"][0].get("errorType"), body["message"]


def test_one_attribute_is_answered_as_perspective_does(ask, scorer):
    answer = ask(request_of(INSULT, languages=["ar"], clientToken="t-1", doNotStore=True))
    [score] = scorer.score([INSULT])
    value = {"value": score.scores["abusive"], "type": "PROBABILITY"}
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "attributeScores": {
                "TOXICITY": {
                    "spanScores": [{"begin": 0, "end": 18, "score": value}],
                    "summaryScore": value,
                }
            },
            "languages": ["ar"],
            "detectedLanguages": ["ar"],
            "clientToken": "t-1",
        },
    )
    assert answer.headers["Content-Type"] == "application/json"


def test_all_production_attributes_are_scored(ask):
    body = request_of(INSULT, requestedAttributes={name: {} for name in PRODUCTION})
    assert list(ask(body).get_json()["attributeScores"]) == PRODUCTION


@pytest.mark.parametrize(
    "name", ["TOXICITY_EXPERIMENTAL", "TOXICITY_FAST", "TOXICITY@6", "TOXICITY_EXPERIMENTAL@2"]
)
def test_old_names_are_answered_under_the_name_that_was_asked(ask, name):
    old = ask(request_of(INSULT, requestedAttributes={name: {}})).get_json()
    new = ask(request_of(INSULT)).get_json()
    assert old["attributeScores"] == {name: new["attributeScores"]["TOXICITY"]}


@pytest.mark.parametrize("words", ["مقال جيد", "ya 7mar enta", "😀😀", "هذا very nice", "12", "ok"])
@pytest.mark.parametrize("languages", [None, [], ["ar"], ["en"], ["fr", "xx"]])
def test_language_never_keeps_a_comment_from_being_scored(ask, words, languages):
    body = request_of(words) | ({} if languages is None else {"languages": languages})
    answer = ask(body).get_json()
    assert set(answer["attributeScores"]) == {"TOXICITY"}
    assert answer["languages"] == (languages or answer["detectedLanguages"])


def test_spans_of_sentences_count_utf16_units(ask):
    words = "😀 شكرا لك. انت حمار! 😀"
    answer = ask(request_of(words, spanAnnotations=True)).get_json()["attributeScores"]
    spans = answer["TOXICITY"]["spanScores"]
    assert [(each["begin"], each["end"]) for each in spans] == [
        (0, 24),
        (0, 11),
        (12, 21),
        (22, 24),
    ]
    assert spans[0]["score"] == answer["TOXICITY"]["summaryScore"]
    assert spans[2]["score"]["value"] > spans[1]["score"]["value"]


@pytest.mark.parametrize("surrogate", ["\ud83d", "\udc00"])
def test_unpaired_surrogate_is_scored_as_a_character_that_nobody_can_read(ask, surrogate):
    words = f"😀 شكرا لك{surrogate}. انت حمار! 😀"
    around = {"context": {"entries": [{"text": surrogate}]}, "spanAnnotations": True}
    answer = ask(request_of(words, **around))
    assert answer.status_code == 200
    assert answer.get_json() == ask(request_of(words.replace(surrogate, "\ufffd"), **around)).json
    spans = answer.get_json()["attributeScores"]["TOXICITY"]["spanScores"]
    ends = [(each["begin"], each["end"]) for each in spans]
    assert ends == [(0, 25), (0, 12), (13, 22), (23, 25)]


def test_score_below_its_threshold_is_left_out(ask):
    asked = {"TOXICITY": {"scoreThreshold": 0.9}, "INSULT": {"scoreThreshold": 0}}
    answer = ask(request_of(APPROVED, requestedAttributes=asked)).get_json()
    assert set(answer["attributeScores"]) == {"INSULT"}
    del asked["INSULT"]
    answer = ask(request_of(APPROVED, requestedAttributes=asked)).get_json()
    assert answer == {"languages": ["ar"], "detectedLanguages": ["ar"]}


def test_coral_is_answered_with_the_field_it_reads(app, key_for):
    # The bytes that Coral sends for a tenant whose locale it does not know.
    body = (
        '{"comment":{"text":"انت حمار ومش بتفهم"},"doNotStore":true,'
        '"requestedAttributes":{"TOXICITY":{}},"languages":["en"]}'
    ).encode()
    answer = app.test_client().post(
        f"{ANALYZE}?key={key_for(Scope.SCORE)}",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200
    assert answer.get_json()["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.5


@pytest.mark.parametrize(
    ("change", "error_type", "message"),
    [
        ({"comment": {"text": ""}}, "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": " \n"}}, "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {}}, "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": None}, "COMMENT_EMPTY", "Comment must be non-empty."),
        ({"comment": {"text": "ا" * 10_240 + "a"}}, "COMMENT_TOO_LONG", "Comment text too long."),
        (
            {"comment": {"text": "a", "type": "HTML"}},
            "INVALID_REQUEST",
            "Currently, only 'PLAIN_TEXT' comments are supported",
        ),
        ({"comment": {"text": "a", "type": "X"}}, "INVALID_REQUEST", "Unknown text type"),
        ({"requestedAttributes": {}}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        ({"requestedAttributes": None}, "NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes"),
        (
            {"requestedAttributes": {"RUDENESS": {}}},
            "INVALID_REQUEST",
            "Unknown requested attribute: RUDENESS",
        ),
        (
            {"requestedAttributes": {"TOXICITY": {"scoreType": "RAW"}}},
            "INVALID_REQUEST",
            "Requested score type RAW is not supported by attribute TOXICITY",
        ),
        (
            {
                "context": {
                    "entries": [{"text": "a"}],
                    "articleAndParentComment": {"article": {"text": "b"}},
                }
            },
            "INVALID_REQUEST",
            "Context can have either entries or article_and_parent_comment, "
            "but both fields were populated.",
        ),
        (
            {"requestedAttributes": {"TOXICITY": {}, "SEXUALLY_EXPLICIT": {}}, "languages": ["ar"]},
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "Attribute SEXUALLY_EXPLICIT does not support request languages: ar",
        ),
        (
            {"requestedAttributes": {"SPAM": {}}, "languages": ["om", "fr"]},
            "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "Attribute SPAM does not support request languages: om, fr",
        ),
    ],
)
def test_wrong_request_is_answered_with_the_documented_error(ask, change, error_type, message):
    answer = ask(request_of(APPROVED) | change)
    assert answer.status_code == 400
    assert error_of(answer) == ("INVALID_ARGUMENT", error_type, message)


def test_error_of_a_language_names_the_attribute_to_drop(ask):
    answer = ask(request_of(APPROVED, requestedAttributes={"FLIRTATION": {}})).get_json()
    assert answer["error"]["details"] == [
        {
            "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
            "errorType": "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
            "languageNotSupportedByAttributeError": {
                "detectedLanguages": ["ar"],
                "requestedLanguages": [],
                "attribute": "FLIRTATION",
            },
        }
    ]


@pytest.mark.parametrize("more", [{"languages": ["en"]}, {"dropUnsupportedAttributes": True}])
def test_attributes_for_english_are_left_out_where_the_client_allows_it(ask, more):
    asked = {"TOXICITY": {}, "SEXUALLY_EXPLICIT": {}, "FLIRTATION": {}}
    answer = ask(request_of(APPROVED, requestedAttributes=asked, **more))
    assert set(answer.get_json()["attributeScores"]) == {"TOXICITY"}


def test_comment_of_just_the_limit_is_scored(ask):
    assert ask(request_of("ا" * 10_240)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"comment": {"text": "a"}, "comment": {"text": "b"}}',
        b'{"comment": {"text": 1}, "requestedAttributes": {"TOXICITY": {}}}',
        b'{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": NaN}}}',
        b'{"comment": {"text": "a"}, "requestedAttributes": {"SPAM": {"scoreThreshold": 1e999}}}',
        b'{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": %s}}}'
        % (b"9" * 400),
        b'{"comment": {"text": "a"}, "requestedAttributes": ["TOXICITY"]}',
        b'{"comment": {"text": "a"}, "requestedAttributes": {"\\ud800": {}}}',
        b'{"comment": {"text": "a"}, "requestedAttributes": {"TOXICITY": {}}, "languages": "ar"}',
    ],
)
def test_body_that_cannot_be_read_is_an_invalid_argument(ask, body):
    answer = ask(body)
    assert answer.status_code == 400
    assert error_of(answer)[:2] == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_number_in_quotes_is_a_number(ask):
    asked = {"TOXICITY": {"scoreThreshold": "0.999999"}, "INSULT": {"scoreThreshold": "0"}}
    answer = ask(request_of(APPROVED, requestedAttributes=asked))
    assert set(answer.get_json()["attributeScores"]) == {"INSULT"}
    asked = {"TOXICITY": {"scoreThreshold": "NaN"}}
    assert ask(request_of(APPROVED, requestedAttributes=asked)).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "canonical"),
    [
        ("GET", ANALYZE, 405, "UNIMPLEMENTED"),
        ("POST", "/v1alpha1/comments:delete", 404, "NOT_FOUND"),
    ],
)
def test_wrong_address_is_told_in_the_format(app, method, path, status, canonical):
    answer = app.test_client().open(path, method=method)
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (status, status, canonical)


def test_missing_key_is_forbidden(app):
    answer = app.test_client().post(ANALYZE, json=request_of(APPROVED))
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_unknown_key_is_told_by_its_reason(app):
    answer = app.test_client().post(f"{ANALYZE}?key=AIza", json=request_of(APPROVED))
    error = answer.get_json()["error"]
    assert (answer.status_code, error["status"]) == (400, "INVALID_ARGUMENT")
    assert error["details"][0]["reason"] == "API_KEY_INVALID"
    assert error["message"].startswith("API key not valid. Please pass a valid API key.")


def test_key_without_the_scope_is_forbidden(app, key_for):
    answer = app.test_client().post(f"{SUGGEST}?key={key_for(Scope.SCORE)}", json={})
    assert (answer.status_code, answer.get_json()["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("header", ["X-Goog-Api-Key", "Authorization"])
def test_key_is_taken_from_a_header_too(app, key, header):
    value = f"Bearer {key}" if header == "Authorization" else key
    answer = app.test_client().post(ANALYZE, json=request_of(APPROVED), headers={header: value})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", ["alt=json&key={}", "key={}&key=x", "key=&key={}", "%6bey=x&key={}"]
)
def test_key_is_found_among_other_parameters(app, key, query):
    answer = app.test_client().post(f"{ANALYZE}?{query.format(key)}", json=request_of(APPROVED))
    assert answer.status_code == 200
    escaped = "".join(f"%{ord(letter):02X}" for letter in key)
    answer = app.test_client().post(f"{ANALYZE}?key={escaped}", json=request_of(APPROVED))
    assert answer.status_code == 200


def test_parameters_of_googles_clients_are_passed_over(app, key):
    query = f"key={key}&alt=json&prettyPrint=false&$.xgafv=2&fields=x&quotaUser=u&callback=f"
    assert (
        app.test_client().post(f"{ANALYZE}?{query}", json=request_of(APPROVED)).status_code == 200
    )


def test_body_without_a_type_is_read(app, key):
    body = json.dumps(request_of(APPROVED))
    assert app.test_client().post(f"{ANALYZE}?key={key}", data=body).status_code == 200


@pytest.mark.parametrize("query", ["", "?key=any"])
def test_operator_can_open_the_format(database_url, query):
    settings = {"DATABASE_URL": database_url, "PERSPECTIVE_KEYS": "optional"}
    client = create_app(settings).test_client()
    assert client.post(f"{ANALYZE}{query}", json=request_of(APPROVED)).status_code == 200
    assert client.post("/v1/score", json={"text": APPROVED}).status_code == 401


def coral_feedback(**change):
    return {
        "comment": {"text": INSULT},
        "context": {"entries": [{"text": '{"url":"https://site/story","Coral_comment_id":"c"}'}]},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 1}}},
        "languages": ["en"],
        "communityId": "Coral:https://tenant",
        "clientToken": "comment:c",
    } | change


def test_suggestion_is_kept_with_source_key_and_time(ask, engine):
    answer = ask(coral_feedback(), SUGGEST)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "clientToken": "comment:c",
            "detectedLanguages": ["ar"],
            "requestedLanguages": ["en"],
        },
    )
    with engine.connect() as connection:
        query = select(Feedback.__table__, ApiKey.name).join(ApiKey)
        [row] = connection.execute(query).mappings()
    assert (row["source"], row["name"], row["text"]) == ("perspective", "perspective", INSULT)
    assert row["scores"] == {"TOXICITY": {"summaryScore": {"value": 1.0}}}
    assert row["context"]["entries"][0]["text"].startswith('{"url"')
    assert (row["community_id"], row["client_token"]) == ("Coral:https://tenant", "comment:c")
    assert row["languages"] == ["en"]
    assert row["created_at"].utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attributeScores": {}}, "Missing attribute_scores"),
        ({"attributeScores": {"X": {}}}, "Unknown requested attribute: X"),
        ({"comment": {"text": "a\0"}}, "Comment text must not hold the character U+0000."),
    ],
)
def test_suggestion_that_says_nothing_is_refused(ask, engine, change, message):
    answer = ask(coral_feedback(**change), SUGGEST)
    assert error_of(answer) == ("INVALID_ARGUMENT", "INVALID_REQUEST", message)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM feedback")) == 0


def test_text_that_must_not_be_stored_reaches_neither_database_nor_log(ask, engine, caplog):
    caplog.set_level(0)
    assert ask(request_of(INSULT, doNotStore=True)).status_code == 200
    assert ask(coral_feedback(doNotStore=True), SUGGEST).status_code == 200
    with engine.connect() as connection:
        for table in ("feedback", "comment", "revision"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0  # noqa: S608
    assert INSULT not in caplog.text


def test_discovery_names_the_address_it_was_asked_at(app):
    client = app.test_client()
    answer = client.get("/$discovery/rest?version=v1alpha1&key=K", base_url="http://host:8001")
    assert answer.get_json()["rootUrl"] == "http://host:8001/"
    assert client.get("/$discovery/rest?version=v2").status_code == 404


def test_discovery_names_the_public_address(database_url):
    app = create_app({"DATABASE_URL": database_url, "PUBLIC_URL": "https://ghirbal.example/x"})
    answer = app.test_client().get("/$discovery/rest?version=v1alpha1")
    assert answer.get_json()["rootUrl"] == "https://ghirbal.example/x/"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=6,
)
BIDI = st.text(st.sampled_from("اب\u202e\u2066\u200f\u061c😀\ud800. \n"), max_size=30)
ENTRY = st.fixed_dictionaries({"text": BIDI | st.text() | ANY}, optional={"type": ANY})
NAMES = st.sampled_from([*PRODUCTION, "TOXICITY@6", "SPAM", "X"]) | st.text(max_size=9)
PARAMETERS = st.fixed_dictionaries({}, optional={"scoreType": ANY, "scoreThreshold": ANY})
ATTRIBUTES = st.dictionaries(NAMES, PARAMETERS | ANY, max_size=3)
SPANS = st.lists(st.fixed_dictionaries({}, optional={"begin": ANY, "end": ANY, "score": ANY}))
SCORES = st.fixed_dictionaries({}, optional={"summaryScore": ANY, "spanScores": SPANS | ANY})
MESSAGES = st.fixed_dictionaries(
    {"comment": ENTRY | ANY},
    optional={
        "requestedAttributes": ATTRIBUTES | ANY,
        "attributeScores": st.dictionaries(NAMES, SCORES | ANY, max_size=3) | ANY,
        "context": st.fixed_dictionaries({}, optional={"entries": st.lists(ENTRY) | ANY}) | ANY,
        "languages": st.lists(st.text(max_size=5)) | ANY,
        "clientToken": ANY,
        "communityId": ANY,
        "spanAnnotations": st.booleans() | ANY,
        "doNotStore": ANY,
    },
)


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.binary(max_size=60) | MESSAGES.map(lambda each: json.dumps(each).encode()))
def test_no_body_is_answered_with_a_fault(ask, path, body):
    answer = ask(body, path)
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert error_of(answer)[0] == "INVALID_ARGUMENT"
