"""Coral's external moderation phase: the newsroom's policy as a step of Coral's own pipeline."""

import hmac
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal

from flask import Blueprint, Response, jsonify, request
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict

from moderation import Action
from service.auth import requires
from service.body import parse, read_body, validated
from service.errors import ApiError
from service.judge import Judgement
from service.schema import COMMENT_LIMIT_BYTES, MendedString
from service.state import service_state

coral = Blueprint("coral", __name__)

_FLAG = [{"actionType": "FLAG", "reason": "COMMENT_DETECTED_TOXIC"}]
_ORDER = list(Action)


class CoralComment(BaseModel):
    """The text of a comment, with the HTML of Coral's editor."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    body: MendedString | None = None


class CoralRequest(BaseModel):
    """What Coral sends, as far as it matters here."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    action: Literal["NEW", "EDIT"] = "NEW"
    comment: CoralComment


@coral.post("/coral/moderation")
@requires(None)
def moderation_phase() -> tuple[Response, int]:
    """Decide on a comment; whoever signs with a secret that is set may ask."""
    body = read_body(request)
    _check_signature(body, service_state().settings.signing_secrets)
    text = validated(CoralRequest, parse(body)).comment.body or ""
    if not text.strip():
        return Response(), 204
    if len(text.encode()) > COMMENT_LIMIT_BYTES:
        # Coral publishes what it gets an error for: what cannot be scored has to be held.
        return jsonify({"actions": [], "status": "PREMOD"}), 200
    judgement = _harsher(text)
    answer = _answer(judgement)
    return (Response(), 204) if answer is None else (jsonify(answer), 200)


def _check_signature(body: bytes, secrets: Sequence[str]) -> None:
    if not secrets:
        raise ApiError(
            401, "signature_unknown", "set coral_secrets to the signing secret that Coral shows"
        )
    sent = [
        value.strip().encode() for value in request.headers.get("X-Coral-Signature", "").split(",")
    ]
    known = [
        b"sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest().encode()
        for secret in secrets
    ]
    # While a secret rolls, either side may know two.
    matches = [hmac.compare_digest(ours, theirs) for ours in known for theirs in sent]
    if not any(matches):
        raise ApiError(
            401,
            "signature_invalid",
            "X-Coral-Signature was not made from this body with a secret in coral_secrets",
        )


def _harsher(text: str) -> Judgement:
    """Judge a text with and without its HTML; words between angle brackets count too."""
    plain = str(Markup(text).striptags())  # noqa: S704 - read, never shown
    texts = [text] if plain in {text, ""} else [plain, text]
    judgements = service_state().judge.judge(texts, spans=False)
    return max(judgements, key=lambda each: _ORDER.index(each.outcome.action))


def _answer(judgement: Judgement) -> dict[str, Any] | None:
    outcome = judgement.outcome
    if outcome.action is Action.APPROVE:
        return None
    if outcome.action is Action.REVIEW:
        return {"actions": _FLAG, "status": "PREMOD"}
    reason = {"code": _code(outcome.reasons), "detailedExplanation": ", ".join(outcome.reasons)}
    return {
        "actions": _FLAG,
        "status": "REJECTED",
        "moderationAction": {"status": "REJECTED", "rejectionReason": reason},
    }


def _code(reasons: Sequence[str]) -> str:
    strongest = reasons[0] if reasons else ""
    return {"banned_word": "BANNED_WORD", "obscene": "OFFENSIVE"}.get(strongest, "ABUSIVE")
