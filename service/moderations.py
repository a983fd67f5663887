"""OpenAI's moderation format; the categories that Ghirbal does not assess are always 0."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NoReturn
from uuid import uuid4

import orjson
from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from moderation import Action, Policy
from service.auth import requires
from service.body import read_json, validated
from service.errors import ApiError
from service.judge import Judgement
from service.keys import Scope
from service.problems import answer_problems
from service.schema import BATCH_LIMIT, COMMENT_LIMIT_BYTES, is_unicode
from service.state import service_state

CATEGORIES = {
    "harassment": ("abusive", "insult"),
    "harassment/threatening": ("threat",),
    "sexual": ("obscene",),
    "hate": ("identity_hate",),
    "hate/threatening": ("identity_hate", "threat"),
    "illicit": (),
    "illicit/violent": (),
    "self-harm/intent": (),
    "self-harm/instructions": (),
    "self-harm": (),
    "sexual/minors": (),
    "violence": ("threat",),
    "violence/graphic": (),
}
"""The attributes behind each category; none where nothing is assessed."""

_String = Annotated[str, Field(strict=True)]

_COMBINED = {"hate/threatening": min}
_TYPES = {401: "invalid_request_error", 403: "invalid_request_error", 429: "requests"}
_CODES = {
    "key_missing": "invalid_api_key",
    "key_invalid": "invalid_api_key",
    "rate_limited": "rate_limit_exceeded",
    # As OpenAI has it of all that is wrong with an input.
    "invalid_request": None,
}


def render(error: ApiError) -> Response:
    """Return an error as OpenAI's clients read it."""
    server = error.status >= 500
    body = {
        "message": error.message,
        "type": "server_error" if server else _TYPES.get(error.status, "invalid_request_error"),
        "param": error.field,
        "code": _CODES.get(error.type, error.type),
    }
    response = jsonify({"error": body})
    response.status_code = error.status
    return response


moderations = Blueprint("moderations", __name__, url_prefix="/v1")
answer_problems(moderations, render)


class TextPart(BaseModel):
    """A part of an input, as chat messages have them."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    type: Literal["text"]
    text: _String


class ModerationRequest(BaseModel):
    """One text, several texts, or one text in several parts."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    input: _String | list[_String] | list[TextPart]
    model: Annotated[str, Field(strict=True, max_length=200)] | None = None


@moderations.post("/moderations")
@requires(Scope.SCORE)
def moderate() -> Response:
    """Score texts by OpenAI's categories; nothing is stored."""
    judge = service_state().judge
    document = read_json(request)
    _refuse_images(document.get("input"))
    texts = _texts(validated(ModerationRequest, _without_unions(document)))
    answer = {
        "id": f"modr-{uuid4().hex}",
        "model": f"ghirbal-{judge.scorer.version}",
        "results": [_result(each, judge.policy) for each in judge.judge(texts, spans=False)],
    }
    return Response(orjson.dumps(answer), mimetype="application/json")


def _refuse_images(given: object) -> None:
    parts = given if isinstance(given, list) else []
    if any(isinstance(part, dict) and part.get("type") == "image_url" for part in parts):
        _refuse("images are not assessed, only parts of type 'text'", "input")


def _without_unions(document: dict[str, Any]) -> dict[str, Any]:
    # Checked before the model does: of a union it would name each alternative that failed.
    given = document.get("input")
    strings = isinstance(given, list) and all(isinstance(each, str) for each in given)
    parts = isinstance(given, list) and all(map(_is_text, given))
    if "input" not in document:
        _refuse("is required", "input")
    if isinstance(given, list) and given and all(isinstance(each, int | list) for each in given):
        _refuse("tokens cannot be read back into text; send the text itself", "input")
    if not (isinstance(given, str) or strings or parts):
        _refuse("must be a string, a list of strings or a list of parts of type 'text'", "input")
    return document


def _is_text(part: object) -> bool:
    return (
        isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str)
    )


def _texts(wanted: ModerationRequest) -> Sequence[str]:
    given = wanted.input
    if isinstance(given, str):
        return [_checked(given, "input")]
    if not given:
        _refuse("must not be empty", "input")
    if len(given) > BATCH_LIMIT:
        _refuse(f"has {len(given)} items, the limit is {BATCH_LIMIT}", "input")
    strings = [each for each in given if isinstance(each, str)]
    if strings:
        return [_checked(text, f"input[{index}]") for index, text in enumerate(strings)]
    joined = "\n".join(part.text for part in given if isinstance(part, TextPart))
    return [_checked(joined, "input")]


def _checked(text: str, where: str) -> str:
    if not text.strip():
        _refuse("the text is empty", where)
    # Not the model's to check: it would name each alternative of the union.
    if not is_unicode(text):
        _refuse("the text must be valid Unicode, without unpaired surrogates", where)
    if len(text.encode()) > COMMENT_LIMIT_BYTES:
        _refuse(f"the text is longer than {COMMENT_LIMIT_BYTES} bytes of UTF-8", where)
    return text


def _refuse(message: str, where: str) -> NoReturn:
    raise ApiError(400, "invalid_request", f"{where}: {message}", field=where)


def _result(judgement: Judgement, policy: Policy) -> dict[str, Any]:
    scores = judgement.scores
    reached = {name: scores[name] >= cut.review_at for name, cut in policy.thresholds.items()}
    return {
        # Also where the newsroom's own list decided, for which there is no category.
        "flagged": judgement.outcome.action is not Action.APPROVE,
        "categories": {
            category: bool(names) and _combine(category)(reached.get(name, False) for name in names)
            for category, names in CATEGORIES.items()
        },
        "category_scores": {
            category: _combine(category)(scores[name] for name in names) if names else 0.0
            for category, names in CATEGORIES.items()
        },
        "category_applied_input_types": {
            category: ["text"] if names else [] for category, names in CATEGORIES.items()
        },
    }


def _combine(category: str) -> Any:  # noqa: ANN401 - min or max, of scores or of truth values
    return _COMBINED.get(category, max)
