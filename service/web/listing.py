"""The queue as a list: filtered, searched, and decided on line by line."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import Connection
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.actors import in_person
from service.auth import requires
from service.batches import undo_batch
from service.claims import count_visible, visible_to
from service.desk import Move, Wish, act, stands
from service.dossier import read_lines
from service.errors import ApiError
from service.moderators import Role
from service.queue import count_matching, read_page
from service.schema import QueueQuery
from service.sites import list_sections
from service.state import service_state
from service.web.asked import AGES_H, asked, wanted_page, whole
from service.web.blueprint import HTMX, web
from service.web.bulk import decide_marked
from service.web.histogram import count_shown, histogram
from service.web.reasons import REJECT_REASONS, suggested
from service.web.showing import done, told


@web.get("/queue")
@requires(Role.MODERATOR)
def queue() -> Response | str:
    """List what waits, as the address asks for it."""
    filter_ = asked(request.args)
    with service_state().engine.connect() as connection:
        try:
            query = wanted_page(filter_, request.args)
            listed = _listed(connection, query, narrowed=bool(filter_))
            here = _here(request.args)
            return render_template("queue.html", filter=filter_, here=here, **listed)
        except ApiError:
            flash(gettext("This filter makes no sense; here is the whole list."), "problem")
    return redirect(url_for("web.queue"))


@web.post("/queue")
@requires(Role.MODERATOR)
def post_queue() -> Response | str:
    """Decide on one line, or on all that are marked."""
    back = asked(request.form) | {"order": request.form.get("order", "score")}
    if "one" in request.form:
        wish = _wish(request.form["one"])
        refusal = act(service_state().engine, g.person, wish)
        flash(told(refusal) if refusal else done(wish.move), "problem" if refusal else "done")
        if HTMX in request.headers and refusal is None:
            return _without(wish.comment_id)
        return _lead(url_for("web.queue", **back))
    return _lead(url_for("web.queue", **back, **decide_marked()))


def _here(arguments: Mapping[str, str]) -> str:
    """Return the address of this part of the list, without what was told of a bulk decision."""
    place: dict[str, Any] = {
        name: arguments[name] for name in ("order", "after") if arguments.get(name)
    }
    return url_for("web.queue", **asked(arguments), **place)


def _lead(address: str) -> Response:
    if HTMX in request.headers:
        return Response(headers={"HX-Redirect": address})
    return redirect(address, 303)


def _without(comment_id: int) -> str:
    """Return what changes of the page once the line of a comment is gone."""
    filter_ = asked(request.form)
    with service_state().engine.connect() as connection:
        query = wanted_page(filter_, {"order": request.form.get("order", "score")})
        counted = _counted(connection, query, narrowed=bool(filter_))
    here = _here(dict(parse_qsl(urlsplit(request.headers.get("HX-Current-URL", "")).query)))
    return render_template("_line_gone.html", filter=filter_, gone=comment_id, here=here, **counted)


@web.post("/queue/undo")
@requires(Role.MODERATOR)
def post_undo_batch() -> Response:
    """Take a bulk decision back whole."""
    since = datetime.now(UTC) - service_state().judge.rules.undo_time
    batch = request.form.get("batch", "")
    back = undo_batch(service_state().engine, in_person(g.person), batch, since=since)
    if back:
        flash(gettext("Undone. The comments wait again."), "done")
    else:
        flash(gettext("There is nothing to undo."), "problem")
    return redirect(url_for("web.queue", **asked(request.form)), 303)


def _counted(connection: Connection, query: QueueQuery, *, narrowed: bool) -> dict[str, Any]:
    waiting = count_visible(connection, g.person)
    visible = visible_to(g.person)
    matching = count_matching(connection, query, visible=visible) if narrowed else waiting
    return {"waiting": waiting, "matching": matching}


def _listed(connection: Connection, query: QueueQuery, *, narrowed: bool) -> dict[str, Any]:
    visible = visible_to(g.person)
    comments, following = read_page(connection, query, visible=visible)
    bins = histogram(connection, query, visible=visible)
    shown = count_shown(connection, query, bins, visible=visible)
    return {
        "waiting": count_visible(connection, g.person) if narrowed else shown,
        "matching": shown,
        "lines": read_lines(connection, list(comments)),
        "following": following,
        "order": query.order,
        "bins": bins,
        "sections": list_sections(connection),
        "ages": AGES_H,
        "suggested": suggested,
        "reject_reasons": REJECT_REASONS,
        "batch": _batch(connection),
    }


def _batch(connection: Connection) -> dict[str, Any] | None:
    """Return what the step came to that led here, unless it was taken back."""
    try:
        batch_id = str(uuid.UUID(request.args.get("batch", "")))
    except ValueError:
        return None
    counted = {name: request.args.get(name, 0, type=int) for name in ("decided", "passed", "left")}
    standing = stands(connection, batch_id)
    if counted["decided"] and not standing:
        return None
    return {"id": batch_id, "move": request.args.get("move"), "stands": standing} | counted


def _wish(value: str) -> Wish:
    """Return the decision that the button of a line stands for."""
    try:
        number, revision, what = value.split(":")
        comment_id, read = whole(number), whole(revision)
    except ValueError:
        raise BadRequest from None
    if what == Move.APPROVE:
        return Wish(comment_id, read, Move.APPROVE)
    if what not in REJECT_REASONS:
        raise BadRequest
    return Wish(comment_id, read, Move.REJECT, what)
