"""The description of the native API, made from the models that check its requests."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template
from pydantic import BaseModel
from werkzeug.routing import Rule

from moderation import __version__
from service.answers import (
    BatchAnswer,
    BulkAnswer,
    CommentAnswer,
    DecisionAnswer,
    DeletionAnswer,
    ErrorAnswer,
    FlagAnswer,
    HealthAnswer,
    PreviewAnswer,
    QueueAnswer,
    ReadyAnswer,
    ScoreAnswer,
    StandingAnswer,
    StoredBatchAnswer,
    UndoneAnswer,
)
from service.auth import requires
from service.keys import Scope
from service.schema import (
    BulkIn,
    CommentIn,
    DecisionIn,
    DeletionIn,
    FlagIn,
    QueueQuery,
    ScoreBatch,
    ScoreItem,
)

reference = Blueprint("reference", __name__, url_prefix="/v1")

_INTRODUCTION = """Scores Arabic comments, decides by the newsroom's policy and keeps the review \
queue. Every answer names the versions of model and policy, also in the headers X-Ghirbal-Model \
and X-Ghirbal-Policy."""
_TEXT = "شكرا على هذا المقال المفيد"


class Batch(ScoreBatch):
    """Several comments to score; each is checked by itself, so that one bad does not stop all."""

    comments: list[ScoreItem]


class CommentBatch(ScoreBatch):
    """Several comments to store; each is checked by itself, so that one bad does not stop all."""

    comments: list[CommentIn]


@dataclass(frozen=True, slots=True)
class Operation:
    """What an endpoint takes and answers; the rest is read from the application."""

    answers: dict[int, tuple[type[BaseModel], ...]]
    body: tuple[type[BaseModel], ...] = ()
    query: type[BaseModel] | None = None
    example: dict[str, Any] | None = None
    missing: bool = False
    gone: bool = False
    edited: bool = False


_DESCRIBED = {
    "api.score": Operation(
        {200: (ScoreAnswer, BatchAnswer)}, (ScoreItem, Batch), example={"text": _TEXT}
    ),
    "api.post_comment": Operation(
        {200: (StandingAnswer, StoredBatchAnswer), 201: (StandingAnswer,)},
        (CommentIn, CommentBatch),
        example={"id": "c-1041", "text": _TEXT, "article": {"id": "a-77"}},
        gone=True,
    ),
    "api.get_comment": Operation({200: (CommentAnswer,)}, missing=True),
    "api.post_decision": Operation(
        {201: (DecisionAnswer,)},
        (DecisionIn,),
        example={"action": "approve", "revision": 1},
        missing=True,
        gone=True,
        edited=True,
    ),
    "api.get_queue": Operation({200: (QueueAnswer,)}, query=QueueQuery),
    "newsroom.post_flag": Operation(
        {201: (FlagAnswer,)}, (FlagIn,), example={"reason": "insult"}, missing=True, gone=True
    ),
    "newsroom.post_deletion": Operation(
        {200: (DeletionAnswer,)}, (DeletionIn,), example={"requested_by": "author"}, missing=True
    ),
    "newsroom.post_bulk": Operation(
        {200: (BulkAnswer, PreviewAnswer)},
        (BulkIn,),
        example={"action": "reject", "reason": "spam", "filter": {"search": "اربح من بيتك"}},
    ),
    "newsroom.post_undo": Operation({200: (UndoneAnswer,)}, missing=True),
    "health.healthz": Operation({200: (HealthAnswer,)}),
    "health.readyz": Operation({200: (ReadyAnswer,), 503: (ReadyAnswer,)}),
}
_PARAMETERS = {
    "comment_id": "The site's own id of the comment.",
    "batch_id": "What the bulk decision answered.",
}
_ERRORS = {
    400: "The request is wrong.",
    401: "The API key is missing, unknown or revoked.",
    403: "The API key lacks the scope.",
    404: "No comment with this id has been sent.",
    408: "The body did not arrive in time.",
    409: "The comment was edited since the revision that was read.",
    410: "The comment was deleted on request.",
    413: "The body, the comment or the batch is too large.",
    415: "The body is not sent as JSON.",
    429: "The key asks too often; Retry-After says how long to wait.",
    500: "The service failed.",
    503: "The database cannot take this now; Retry-After says how long to wait.",
}


@reference.get("/openapi.json")
@requires(None)
def openapi_json() -> Response:
    """Describe the API to programs."""
    return Response(orjson.dumps(current_app.extensions["openapi"]()), mimetype="application/json")


@reference.get("/docs")
@requires(None)
def docs() -> str:
    """Describe the API to people; the page loads nothing from anywhere."""
    return render_template("reference.html", api=current_app.extensions["openapi"]())


def describe_api(app: Flask, scopes: dict[str, Any]) -> None:
    """Let the description of `app` be built once it is asked for; `scopes` as in `service.auth`."""
    app.extensions["openapi"] = cache(lambda: _describe(app, scopes))


def _describe(app: Flask, scopes: dict[str, Any]) -> dict[str, Any]:
    # Imported late: it takes 8 MB, and few workers are ever asked.
    from openapi_pydantic import OpenAPI
    from openapi_pydantic.util import construct_open_api_with_schema_class

    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda each: each.rule):
        operation = _DESCRIBED.get(rule.endpoint)
        if operation is not None:
            view = inspect.getdoc(app.view_functions[rule.endpoint]) or ""
            described = _operation(rule, operation, scope=scopes[rule.endpoint], summary=view)
            (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            paths.setdefault(path, {})[method.lower()] = described
    document = OpenAPI.model_validate(
        {
            "info": {"title": "Ghirbal", "version": __version__, "description": _INTRODUCTION},
            "paths": paths,
            "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
        }
    )
    built = construct_open_api_with_schema_class(document)
    return built.model_dump(mode="json", by_alias=True, exclude_none=True)


def _operation(
    rule: Rule, operation: Operation, *, scope: Scope | None, summary: str
) -> dict[str, Any]:
    answers = {
        str(status): _content("The answer.", *models)
        for status, models in operation.answers.items()
    }
    for status in _possible_errors(operation, closed=scope is not None):
        answers.setdefault(str(status), _content(_ERRORS[status], ErrorAnswer))
    described: dict[str, Any] = {
        "operationId": rule.endpoint.partition(".")[2],
        "summary": summary,
        "responses": answers,
        "parameters": [*_path_parameters(rule), *_query_parameters(operation.query)],
    }
    if operation.body:
        body = _content("", *operation.body, example=operation.example)
        described["requestBody"] = {"content": body["content"], "required": True}
    if scope is not None:
        described["security"] = [{"key": []}]
        described["description"] = f"Needs a key with the scope `{scope.value}`."
    return described


def _possible_errors(operation: Operation, *, closed: bool) -> Iterator[int]:
    if closed:
        yield from (401, 403, 429, 503)
    if operation.body:
        yield from (400, 408, 413, 415)
    if operation.query is not None:
        yield 400
    if operation.missing:
        yield 404
    if operation.gone:
        yield 410
    if operation.edited:
        yield 409
    yield 500


def _content(
    description: str, *models: type[BaseModel], example: dict[str, Any] | None = None
) -> dict[str, Any]:
    from openapi_pydantic.util import PydanticSchema

    # All its fields have defaults, only aliased ones, which mypy does not see.
    schemas = [PydanticSchema(schema_class=model) for model in models]  # type: ignore[call-arg]
    media: dict[str, Any] = {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}
    if example is not None:
        media["example"] = example
    return {"description": description, "content": {"application/json": media}}


def _path_parameters(rule: Rule) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            "description": _PARAMETERS[name],
        }
        for name in sorted(rule.arguments)
    ]


def _query_parameters(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    properties = query.model_json_schema()["properties"] if query else {}
    return [{"name": name, "in": "query", "schema": each} for name, each in properties.items()]
