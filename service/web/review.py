"""The queue, one comment at a time; a script is given the next one ahead of the decision."""

from flask import flash, g, redirect, request
from flask_babel import gettext
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from service.auth import requires
from service.claims import claim_next, claim_one, previous
from service.desk import Move, Refusal, Wish, act, undo
from service.moderators import Role
from service.state import service_state
from service.web.addresses import is_ours
from service.web.asked import LARGEST, whole
from service.web.blueprint import FRAGMENT, web
from service.web.reasons import REJECT_REASONS
from service.web.showing import address, done, show, show_ahead, told

NOTE_LIMIT = 2_000
_SETTLE = "settle"


@web.before_request
def _look_for_no_row_that_cannot_be() -> None:
    if (request.view_args or {}).get("comment_id", 0) > LARGEST:
        raise NotFound


@web.get("/review")
@requires(Role.MODERATOR)
def review() -> str:
    """Show the comment that comes first."""
    return show(claim_next(service_state().engine, g.person))


@web.get("/review/<int:comment_id>")
@requires(Role.MODERATOR)
def review_one(comment_id: int) -> str:
    """Show one comment; it can be decided on if it waits and nobody else holds it."""
    engine = service_state().engine
    if not claim_one(engine, g.person, comment_id):
        flash(told(Refusal.HELD), "problem")
        return show(claim_next(engine, g.person))
    return show(comment_id)


@web.get("/review/<int:comment_id>/next")
@requires(Role.MODERATOR)
def review_next(comment_id: int) -> str:
    """Show the comment that follows in the queue; the one before stays claimed."""
    following = claim_next(service_state().engine, g.person, after=comment_id)
    if following is None:
        flash(gettext("This is the end of the queue."))
    return show(following or comment_id)


@web.get("/review/<int:comment_id>/previous")
@requires(Role.MODERATOR)
def review_previous(comment_id: int) -> str:
    """Show the comment before, of those that were shown already."""
    engine = service_state().engine
    with engine.connect() as connection:
        before = previous(connection, g.person, before=comment_id)
    if before is None or not claim_one(engine, g.person, before):
        flash(gettext("There is nothing before this one."))
        before = comment_id
    return show(before)


@web.get("/review/<int:comment_id>/ahead")
@requires(Role.MODERATOR)
def review_ahead(comment_id: int) -> str:
    """Return the comment that comes once this one is decided on; it is claimed already."""
    return show_ahead(_ahead_of(comment_id))


@web.post("/review/<int:comment_id>")
@requires(Role.MODERATOR)
def post_review(comment_id: int) -> Response | str:
    """Approve, reject, escalate or skip, and show the next comment.

    A script that shows the next one already says so in ``shown``, and is given the one after.
    """
    engine = service_state().engine
    wish = _wish(comment_id)
    refusal = act(engine, g.person, wish)
    if refusal is None:
        flash(done(wish.move), "done")
    else:
        flash(told(refusal), "problem")
    shown = request.form.get("shown", type=whole)
    if shown is not None and claim_one(engine, g.person, shown):
        return show_ahead(_ahead_of(shown))
    return _lead(claim_next(engine, g.person))


@web.post("/undo")
@requires(Role.MODERATOR)
def post_undo() -> Response | str:
    """Take the last move back and show its comment again."""
    engine = service_state().engine
    comment_id = undo(engine, g.person, within=service_state().judge.rules.undo_time)
    back = request.form.get("back", "")
    if comment_id is None:
        flash(gettext("There is nothing to undo."), "problem")
    elif is_ours(back):
        flash(gettext("Undone."), "done")
    if is_ours(back):
        return redirect(back, 303)
    if comment_id is None:
        return _lead(claim_next(engine, g.person))
    flash(gettext("Undone. The comment is before you again."), "done")
    claim_one(engine, g.person, comment_id)
    return _lead(comment_id)


def _ahead_of(shown: int) -> int | None:
    # What has come in above it since then goes first.
    engine = service_state().engine
    first = claim_next(engine, g.person)
    return first if first != shown else claim_next(engine, g.person, after=shown)


def _wish(comment_id: int) -> Wish:
    form = request.form
    try:
        reason, name = form.get("reject"), form.get("move", "")
        settles = name == _SETTLE and not reason
        move = Move.APPROVE if settles else Move.REJECT if reason else Move(name)
        revision = whole(form.get("revision", ""))
    except ValueError:
        raise BadRequest from None
    if move is Move.REJECT and reason not in REJECT_REASONS:
        raise BadRequest
    note = form.get("note", "").replace("\0", "").strip()[:NOTE_LIMIT] or None
    return Wish(comment_id, revision, move, reason, note, until_edited=settles)


def _lead(comment_id: int | None) -> Response | str:
    if FRAGMENT in request.headers:
        return show(comment_id)
    return redirect(address(comment_id), 303)
