"""The native API under /v1."""

from typing import Any, TypeVar

from flask import Blueprint, Response, g, jsonify, request

from service.auth import requires
from service.body import printable, read_json, validated
from service.by_key import decide
from service.comments import describe
from service.errors import ApiError
from service.ingest import ingest, ingest_all
from service.judge import Judge
from service.keys import Scope
from service.queue import read_queue
from service.schema import (
    BATCH_LIMIT,
    CommentIn,
    DecisionIn,
    QueueQuery,
    ScoreBatch,
    ScoreItem,
)
from service.state import service_state
from service.storing import Stored

api = Blueprint("api", __name__, url_prefix="/v1")
Item = TypeVar("Item", ScoreItem, CommentIn)


@api.post("/score")
@requires(Scope.SCORE)
def score() -> Response:
    """Score one text or a batch; nothing is stored."""
    judge = service_state().judge
    document = read_json(request)
    if "comments" in document:
        return jsonify({"results": _score_batch(judge, document)})
    item = validated(ScoreItem, document)
    (judgement,) = judge.judge([item.text])
    return jsonify({"id": item.id} | judgement.to_document())


def _score_batch(judge: Judge, document: dict[str, Any]) -> list[dict[str, Any]]:
    checked = _check_batch(ScoreItem, document)
    good = [item for item in checked if isinstance(item, ScoreItem)]
    judgements = iter(judge.judge([item.text for item in good]) if good else [])
    return [
        {"id": item.id} | next(judgements).to_document() if isinstance(item, ScoreItem) else item
        for item in checked
    ]


def _check_batch(model: type[Item], document: dict[str, Any]) -> list[Item | dict[str, Any]]:
    raw = validated(ScoreBatch, document).comments
    if len(raw) > BATCH_LIMIT:
        raise ApiError(
            413,
            "batch_too_large",
            f"the batch has {len(raw)} comments, the limit is {BATCH_LIMIT}",
            field="comments",
        )
    return [_checked(model, index, item) for index, item in enumerate(raw)]


def _checked(model: type[Item], index: int, item: object) -> Item | dict[str, Any]:
    try:
        return validated(model, item)
    except ApiError as error:
        field = f"comments.{index}" + (f".{error.field}" if error.field else "")
        problem = ApiError(error.status, error.type, error.message, field=field)
        return {"id": _id_of(item)} | problem.to_document()


def _id_of(item: object) -> str | int | None:
    named = item.get("id") if isinstance(item, dict) else None
    if isinstance(named, str):
        return printable(named)
    return named if isinstance(named, int) and not isinstance(named, bool) else None


@api.post("/comments")
@requires(Scope.INGEST)
def post_comment() -> tuple[Response, int]:
    """Store and decide a comment or a batch; answered when all are on the disk."""
    state = service_state()
    document = read_json(request)
    if "comments" in document:
        return jsonify({"results": _store_batch(document)}), 200
    comment = validated(CommentIn, document)
    standing, created = ingest(state.engine, state.judge, comment, site_id=g.caller.site_id)
    return jsonify(standing), 201 if created else 200


def _store_batch(document: dict[str, Any]) -> list[dict[str, Any]]:
    checked = _check_batch(CommentIn, document)
    good = [item for item in checked if isinstance(item, CommentIn)]
    state, site_id = service_state(), g.caller.site_id
    stored = iter(ingest_all(state.engine, state.judge, good, site_id=site_id) if good else [])
    return [_told(item, next(stored)) if isinstance(item, CommentIn) else item for item in checked]


def _told(comment: CommentIn, stored: Stored | ApiError) -> dict[str, Any]:
    if isinstance(stored, ApiError):
        return {"id": comment.id} | stored.to_document()
    return stored[0]


@api.get("/comments/<id:comment_id>")
@requires(Scope.READ)
def get_comment(comment_id: str) -> Response:
    """Return a comment with its revisions and decisions."""
    with service_state().engine.connect() as connection:
        description = describe(connection, g.caller.site_id, comment_id)
    if description is None:
        raise _no_comment()
    return jsonify(description)


@api.post("/comments/<id:comment_id>/decisions")
@requires(Scope.DECIDE)
def post_decision(comment_id: str) -> tuple[Response, int]:
    """Append a moderator's decision."""
    decision = validated(DecisionIn, read_json(request))
    made = decide(service_state().engine, comment_id, decision=decision, caller=g.caller)
    if made is None:
        raise _no_comment()
    return jsonify(made), 201


@api.get("/queue")
@requires(Scope.READ)
def get_queue() -> Response:
    """Return a page of the comments that wait for a moderator."""
    query = validated(QueueQuery, request.args.to_dict())
    with service_state().engine.connect() as connection:
        return jsonify(read_queue(connection, query, site_id=g.caller.site_id))


def _no_comment() -> ApiError:
    return ApiError(404, "comment_not_found", "no comment with this id has been sent")
