import hmac
import json
from hashlib import sha256

import pytest
from service_samples import APPROVED, BANNED, SUSPECT

from service import create_app

PATH = "/coral/moderation"
SECRET = "new secret"


@pytest.fixture
def client(database_url, policy_file):
    settings = {
        "DATABASE_URL": database_url,
        "POLICY_FILE": policy_file,
        "CORAL_SECRETS": "old secret, new secret",
    }
    return create_app(settings).test_client()


def signature(body, secret):
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


@pytest.fixture
def send(client):
    def post(text, *, secret=SECRET, **more):
        # As Coral's JSON.stringify writes it.
        document = {
            "action": "NEW",
            "comment": {"body": text, "parentID": None},
            "author": {"id": "a-1", "role": "COMMENTER"},
            "story": {"id": "s-1", "url": "https://site/story"},
            "site": {"id": "1"},
            "tenantID": "t",
            "tenantDomain": "coral.example",
        } | more
        body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"X-Coral-Signature": signature(body, secret)}
        return client.post(PATH, data=body, headers=headers, content_type="application/json")

    return post


@pytest.mark.parametrize("text", [APPROVED, "", None, " "])
def test_comment_that_is_approved_is_left_to_coral(send, text):
    answer = send(text)
    assert (answer.status_code, answer.data) == (204, b"")


def test_comment_to_review_is_held(send):
    answer = send(SUSPECT)
    assert (answer.status_code, answer.get_json()) == (
        200,
        {
            "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}],
            "status": "PREMOD",
        },
    )
    assert answer.headers["X-Ghirbal-Policy"] == "test-1"


def test_comment_to_reject_is_rejected_with_a_reason(send):
    assert send(BANNED, action="EDIT").get_json() == {
        "actions": [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}],
        "status": "REJECTED",
        "moderationAction": {
            "status": "REJECTED",
            "rejectionReason": {"code": "BANNED_WORD", "detailedExplanation": "banned_word"},
        },
    }


@pytest.mark.parametrize(
    "html", ["<div>عندي <b>من</b>خل</div>", "&#1605;&#1606;&#1582;&#1604;", "<منخل>"]
)
def test_html_hides_no_word(send, html):
    assert send(html).get_json()["status"] == "REJECTED"


def test_comment_that_is_too_long_to_score_is_held(send):
    assert send("ا" * 10_241).get_json() == {"actions": [], "status": "PREMOD"}


@pytest.mark.parametrize("secret", ["old secret", "new secret"])
def test_either_secret_signs_while_one_rolls(send, secret):
    assert send(APPROVED, secret=secret).status_code == 204


def test_one_good_signature_of_several_is_enough(client):
    body = b'{"comment":{"body":""}}'
    several = f"{signature(body, 'gone')},{signature(body, 'new secret')}"
    answer = client.post(PATH, data=body, headers={"X-Coral-Signature": several})
    assert answer.status_code == 204


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=00,x", "\u00e9"])
def test_body_that_is_not_signed_is_refused(client, header):
    headers = {} if header is None else {"X-Coral-Signature": header}
    answer = client.post(PATH, data=b"{}", headers=headers)
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (401, "signature_invalid")


def test_wrong_secret_is_refused(send):
    assert send(APPROVED, secret="other").status_code == 401


def test_without_a_secret_nobody_may_ask(app):
    answer = app.test_client().post(PATH, data=b"{}")
    assert (answer.status_code, answer.get_json()["error"]["type"]) == (401, "signature_unknown")


def test_unpaired_surrogate_lets_no_comment_through(client):
    # Coral publishes what it gets an error for.
    body = json.dumps({"comment": {"body": f"{BANNED} \ud83d"}}).encode()
    headers = {"X-Coral-Signature": signature(body, SECRET)}
    answer = client.post(PATH, data=body, headers=headers)
    assert (answer.status_code, answer.get_json()["status"]) == (200, "REJECTED")
