"""One decision on many comments: on those that are marked, or on all that a filter leaves."""

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from moderation import Action
from service.actors import in_person
from service.auth import requires
from service.batches import BATCH_LIMIT, Bulk, BulkResult, decide_matching, decide_selected, preview
from service.dossier import read_lines
from service.errors import ApiError
from service.moderators import Role
from service.state import service_state
from service.web.asked import PAGE, asked, wanted, whole
from service.web.blueprint import web
from service.web.reasons import REJECT_REASONS

_NOTE_LIMIT = 2_000


@web.get("/queue/all")
@requires(Role.MODERATOR)
def bulk() -> Response | str:
    """Say how many comments a decision would be on, and show some of them."""
    filter_ = asked(request.args)
    with service_state().engine.connect() as connection:
        try:
            found = preview(connection, in_person(g.person), wanted(filter_))
        except ApiError:
            return redirect(url_for("web.queue", **filter_))
        return render_template(
            "bulk.html",
            filter=filter_,
            found=found,
            most=BATCH_LIMIT,
            lines=read_lines(connection, list(found.sample)),
            reject_reasons=REJECT_REASONS,
        )


@web.post("/queue/all")
@requires(Role.MODERATOR)
def post_bulk() -> Response:
    """Decide on all that a filter leaves, but for what came in since it was looked at."""
    filter_ = asked(request.form)
    try:
        up_to = whole(request.form.get("up_to", ""))
        found = wanted(filter_)
    except (ValueError, ApiError):
        raise BadRequest from None
    done = decide_matching(
        service_state().engine, in_person(g.person), found, up_to=up_to, bulk=_decision()
    )
    return redirect(url_for("web.queue", **_told(done)), 303)


def decide_marked() -> dict[str, Any]:
    """Decide on the lines that are marked; return what the page shall say of it."""
    try:
        marked = [
            (whole(number), whole(revision))
            for number, revision in (each.split(":") for each in request.form.getlist("comment"))
        ]
    except ValueError:
        raise BadRequest from None
    if not marked:
        flash(gettext("Mark comments first."), "problem")
        return {}
    actor = in_person(g.person)
    return _told(decide_selected(service_state().engine, actor, marked[:PAGE], bulk=_decision()))


def _decision() -> Bulk:
    note = request.form.get("note", "").replace("\0", "").strip()[:_NOTE_LIMIT] or None
    move, reason = request.form.get("move"), request.form.get("reason")
    if move == Action.APPROVE:
        return Bulk(Action.APPROVE, None, note)
    if move != Action.REJECT or reason not in REJECT_REASONS:
        raise BadRequest
    return Bulk(Action.REJECT, reason, note)


def _told(result: BulkResult) -> dict[str, Any]:
    return {
        "batch": result.batch_id,
        "move": request.form["move"],
        "decided": len(result.decided),
        "passed": result.passed_over,
        "left": result.left,
    }
