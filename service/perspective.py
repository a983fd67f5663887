"""The Perspective format: comments:analyze, comments:suggestscore and their discovery."""

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote_plus
from wsgiref.types import WSGIEnvironment

import orjson
from flask import Blueprint, Response, abort, g, request
from sqlalchemy import insert

from service.analysis import analysis_of, check_context, known_attribute, text_of
from service.auth import Credential, bearer, requires
from service.body import read_json, validated
from service.database import writing
from service.keys import Scope
from service.languages import detect
from service.perspective_errors import invalid_request, render
from service.perspective_schema import AnalyzeRequest, SuggestRequest
from service.problems import answer_problems
from service.state import service_state
from service.tables import Feedback

perspective = Blueprint("perspective", __name__)
answer_problems(perspective, render)

_NEW_FEEDBACK = insert(Feedback)
_KEY_PARAMETER = re.compile(r"(?:\A|&)key=([^&]+)")


def key_of(environ: WSGIEnvironment) -> str | None:
    """Return the key of a request: in the query, in Google's header or as a bearer's."""
    # Werkzeug's parsing of the whole query takes longer than scoring.
    named = _KEY_PARAMETER.search(environ.get("QUERY_STRING", ""))
    given = unquote_plus(named[1]) if named else environ.get("HTTP_X_GOOG_API_KEY")
    return given or bearer(environ)


def _key_needed() -> bool:
    return service_state().settings.perspective_keys == "required"


_KEY = Credential(key_of, _key_needed)


@perspective.post("/v1alpha1/comments:analyze")
@requires(Scope.SCORE, by=_KEY)
def analyze() -> Response:
    """Score a text; nothing is stored, whatever `doNotStore` says."""
    wanted = validated(AnalyzeRequest, _document())
    return _answer(analysis_of(wanted, service_state().judge))


@perspective.post("/v1alpha1/comments:suggestscore")
@requires(Scope.FEEDBACK, by=_KEY)
def suggest_score() -> Response:
    """Keep what a moderator found; a text that must not be stored is not."""
    suggested = validated(SuggestRequest, _document())
    text = text_of(suggested.comment)
    if "\0" in text:
        raise invalid_request("Comment text must not hold the character U+0000.")
    check_context(suggested)
    if not suggested.attribute_scores:
        raise invalid_request("Missing attribute_scores")
    for name in suggested.attribute_scores:
        known_attribute(name)
    if not suggested.do_not_store:
        row = suggested.stored() | {
            "source": "perspective",
            "api_key_id": g.caller.key_id if g.caller else None,
            "created_at": datetime.now(UTC),
        }
        with writing(service_state().engine) as connection:
            connection.execute(_NEW_FEEDBACK, row)
    detected = detect(text)
    answer: dict[str, Any] = {
        "detectedLanguages": detected,
        "requestedLanguages": suggested.languages,
    }
    if suggested.client_token is not None:
        answer["clientToken"] = suggested.client_token
    return _answer(answer)


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


def _answer(document: dict[str, Any]) -> Response:
    return Response(orjson.dumps(document), mimetype="application/json")
