"""The part of the native API with which a site's own moderators work the queue."""

from datetime import UTC, datetime

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy import Connection, select

from moderation import Action
from service.actors import Actor, by_key
from service.auth import requires
from service.batches import Bulk, decide_matching, decide_selected, is_batch, preview, undo_batch
from service.body import read_json, validated
from service.deletion import delete_comment
from service.errors import ApiError
from service.flags import flag
from service.keys import Scope
from service.schema import BulkIn, BulkItem, DeletionIn, FlagIn
from service.state import service_state
from service.tables import Comment

newsroom = Blueprint("newsroom", __name__, url_prefix="/v1")


@newsroom.post("/comments/<id:comment_id>/flags")
@requires(Scope.INGEST)
def post_flag(comment_id: str) -> tuple[Response, int]:
    """Store a reader's flag; a published comment comes back to the queue by it."""
    wanted = validated(FlagIn, read_json(request))
    state = service_state()
    stored = flag(state.engine, comment_id, flag=wanted, caller=g.caller, rules=state.judge.rules)
    if stored is None:
        raise no_comment()
    return jsonify(stored), 201


@newsroom.post("/comments/<id:comment_id>/deletion")
@requires(Scope.INGEST)
def post_deletion(comment_id: str) -> Response:
    """Remove the texts of a comment and who wrote it; that it was there and decided on stays."""
    wanted = validated(DeletionIn, read_json(request))
    done = delete_comment(
        service_state().engine, comment_id, requested_by=wanted.requested_by, caller=g.caller
    )
    if done is None:
        raise no_comment()
    return jsonify(done)


@newsroom.post("/queue/decisions")
@requires(Scope.DECIDE)
def post_bulk() -> Response:
    """Decide on many comments in one step; a filter without `up_to` is only tried out."""
    wanted = validated(BulkIn, read_json(request))
    engine, actor = service_state().engine, by_key(g.caller)
    bulk = Bulk(Action(wanted.action), wanted.reason, wanted.note)
    if wanted.comments is not None:
        with engine.connect() as connection:
            selected = _numbers(connection, actor, wanted.comments)
        done = decide_selected(engine, actor, selected, bulk=bulk)
        done.passed_over += len(wanted.comments) - len(selected)
    elif wanted.filter is not None and wanted.up_to is not None:
        done = decide_matching(engine, actor, wanted.filter, up_to=wanted.up_to, bulk=bulk)
    elif wanted.filter is not None:
        with engine.connect() as connection:
            tried = preview(connection, actor, wanted.filter)
        sample = [row["external_id"] for row in tried.sample]
        return jsonify({"count": tried.count, "sample": sample, "up_to": tried.up_to})
    return jsonify(
        {
            "batch_id": done.batch_id if done.decided else None,
            "decided": len(done.decided),
            "passed_over": done.passed_over,
            "left": done.left,
        }
    )


@newsroom.post("/batches/<id:batch_id>/undo")
@requires(Scope.DECIDE)
def post_undo(batch_id: str) -> Response:
    """Take back what a bulk decision of this key decided, where nothing has followed on it."""
    engine, actor = service_state().engine, by_key(g.caller)
    undo_time = service_state().judge.rules.undo_time
    with engine.connect() as connection:
        if not is_batch(connection, actor, batch_id):
            raise ApiError(404, "batch_not_found", "this key has made no decision of this batch")
    undone = undo_batch(engine, actor, batch_id, since=datetime.now(UTC) - undo_time)
    return jsonify({"undone": len(undone)})


def no_comment() -> ApiError:
    """Return the answer about a comment that is not there."""
    return ApiError(404, "comment_not_found", "no comment with this id has been sent")


def _numbers(connection: Connection, actor: Actor, wanted: list[BulkItem]) -> list[tuple[int, int]]:
    revisions = {item.id: item.revision for item in wanted}
    known = select(Comment.id, Comment.external_id).where(
        actor.sites, Comment.external_id.in_(revisions)
    )
    return [(row.id, revisions[row.external_id]) for row in connection.execute(known)]
