"""The Perspective format: comments:analyze, comments:suggestscore and their discovery."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_plus

import orjson
from flask import Blueprint, Response, abort, g, request
from sqlalchemy import insert

from service.auth import Credential, bearer, requires
from service.body import printable, read_json, validated
from service.database import writing
from service.keys import Scope
from service.languages import detect
from service.perspective_errors import PerspectiveError, invalid_request, render
from service.perspective_schema import (
    ATTRIBUTE_OF,
    ENGLISH_ONLY,
    AnalyzeRequest,
    SuggestRequest,
    TextEntry,
    plain_name,
)
from service.problems import answer_problems
from service.schema import COMMENT_LIMIT_BYTES
from service.sentences import Range, sentences, utf16_length, utf16_ranges
from service.state import service_state
from service.tables import Feedback

perspective = Blueprint("perspective", __name__)
answer_problems(perspective, render)

_NEW_FEEDBACK = insert(Feedback)
_KEY_PARAMETER = re.compile(r"(?:\A|&)key=([^&]+)")
_SCORED = {"SCORE_TYPE_UNSPECIFIED", "PROBABILITY"}


def _key() -> str | None:
    environ = request.environ
    # Werkzeug's parsing of the whole query takes longer than scoring.
    named = _KEY_PARAMETER.search(environ.get("QUERY_STRING", ""))
    given = unquote_plus(named[1]) if named else environ.get("HTTP_X_GOOG_API_KEY")
    return given or bearer()


def _key_needed() -> bool:
    return service_state().settings.perspective_keys == "required"


_KEY = Credential(_key, _key_needed)


@perspective.post("/v1alpha1/comments:analyze")
@requires(Scope.SCORE, by=_KEY)
def analyze() -> Response:
    """Score a text; nothing is stored, whatever `doNotStore` says."""
    wanted = validated(AnalyzeRequest, _document())
    text = _text(wanted.comment)
    _check_context(wanted)
    detected = detect(text)
    attributes = _attributes(wanted, detected)
    scores = _attribute_scores(wanted, text, attributes)
    answer: dict[str, Any] = {"attributeScores": scores} if scores else {}
    answer |= {"languages": wanted.languages or detected, "detectedLanguages": detected}
    return _answer(answer, wanted.client_token)


@perspective.post("/v1alpha1/comments:suggestscore")
@requires(Scope.FEEDBACK, by=_KEY)
def suggest_score() -> Response:
    """Keep what a moderator found; a text that must not be stored is not."""
    suggested = validated(SuggestRequest, _document())
    text = _text(suggested.comment)
    if "\0" in text:
        raise invalid_request("Comment text must not hold the character U+0000.")
    _check_context(suggested)
    if not suggested.attribute_scores:
        raise invalid_request("Missing attribute_scores")
    for name in suggested.attribute_scores:
        _known(name)
    if not suggested.do_not_store:
        row = suggested.stored() | {
            "source": "perspective",
            "api_key_id": g.caller.key_id if g.caller else None,
            "created_at": datetime.now(UTC),
        }
        with writing(service_state().engine) as connection:
            connection.execute(_NEW_FEEDBACK, row)
    detected = detect(text)
    answer = {"detectedLanguages": detected, "requestedLanguages": suggested.languages}
    return _answer(answer, suggested.client_token)


@perspective.get("/$discovery/rest")
@requires(None)
def discovery() -> Response:
    """Describe the methods to Google's client libraries, under the address they were asked at."""
    if request.args.get("version", "v1alpha1") != "v1alpha1":
        abort(404)
    root = (service_state().settings.public_url or request.url_root).rstrip("/") + "/"
    document = _discovery_document() | {"rootUrl": root, "baseUrl": root}
    return Response(orjson.dumps(document), mimetype="application/json")


@cache
def _discovery_document() -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(
        files("service").joinpath("discovery.json").read_bytes()
    )
    return document


def _document() -> dict[str, Any]:
    # Scripts that call Perspective often leave the type of the body to their library.
    return read_json(request, any_type=True)


def _text(comment: TextEntry) -> str:
    if comment.type not in {"PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED"}:
        known = comment.type == "HTML"
        raise invalid_request(
            "Currently, only 'PLAIN_TEXT' comments are supported" if known else "Unknown text type"
        )
    if not comment.text.strip():
        raise PerspectiveError("COMMENT_EMPTY", "Comment must be non-empty.")
    if len(comment.text.encode()) > COMMENT_LIMIT_BYTES:
        raise PerspectiveError("COMMENT_TOO_LONG", "Comment text too long.")
    return comment.text


def _check_context(message: AnalyzeRequest | SuggestRequest) -> None:
    context = message.context
    if context and context.entries and context.article_and_parent_comment:
        raise invalid_request(
            "Context can have either entries or article_and_parent_comment, "
            "but both fields were populated."
        )


def _known(attribute: str) -> str:
    plain = plain_name(attribute)
    if plain not in ATTRIBUTE_OF and plain not in ENGLISH_ONLY:
        raise invalid_request(f"Unknown requested attribute: {printable(attribute)}")
    return plain


def _attributes(wanted: AnalyzeRequest, detected: list[str]) -> dict[str, str]:
    """Return the name here of each attribute that is wanted and can be scored."""
    if not wanted.requested_attributes:
        raise PerspectiveError("NO_REQUESTED_ATTRIBUTES", "Missing requested_attributes")
    attributes, english = {}, []
    for name, parameters in wanted.requested_attributes.items():
        plain = _known(name)
        if parameters.score_type not in _SCORED:
            raise invalid_request(
                f"Requested score type {parameters.score_type} is not supported by attribute {name}"
            )
        if plain in ATTRIBUTE_OF:
            attributes[name] = ATTRIBUTE_OF[plain]
        else:
            english.append(name)
    # Old clients ask for all attributes and call every text English: they get those there are.
    tolerated = wanted.drop_unsupported_attributes or (attributes and "en" in wanted.languages)
    if english and not tolerated:
        raise _not_in(wanted.languages, detected, attribute=english[0])
    return attributes


def _not_in(requested: list[str], detected: list[str], *, attribute: str) -> PerspectiveError:
    languages = ", ".join(printable(language) for language in requested or detected)
    return PerspectiveError(
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        f"Attribute {attribute} does not support request languages: {languages}",
        details={
            "languageNotSupportedByAttributeError": {
                "detectedLanguages": detected,
                "requestedLanguages": requested,
                "attribute": attribute,
            }
        },
    )


def _attribute_scores(
    wanted: AnalyzeRequest, text: str, attributes: dict[str, str]
) -> dict[str, Any]:
    parts = sentences(text) if wanted.span_annotations else []
    if len(parts) == 1:
        parts = []
    # The whole comes first: many clients read the first span without having asked for spans.
    judge = service_state().judge
    (judgement,) = judge.judge([text], spans=False)
    scored = [judgement.score]
    if parts:
        scored += judge.scorer.score([text[start:end] for start, end in parts], spans=False)
    ranges = [(0, utf16_length(text)), *utf16_ranges(text, parts)]
    thresholds = wanted.requested_attributes
    return {
        name: _of_attribute(ranges, [each.scores[attribute] for each in scored])
        for name, attribute in attributes.items()
        if judgement.scores[attribute] >= thresholds[name].score_threshold
    }


def _of_attribute(ranges: list[Range], values: list[float]) -> dict[str, Any]:
    found = [{"value": value, "type": "PROBABILITY"} for value in values]
    spans = [
        {"begin": begin, "end": end, "score": score}
        for (begin, end), score in zip(ranges, found, strict=True)
    ]
    return {"spanScores": spans, "summaryScore": found[0]}


def _answer(document: dict[str, Any], client_token: str | None) -> Response:
    if client_token is not None:
        document["clientToken"] = client_token
    return Response(orjson.dumps(document), mimetype="application/json")
