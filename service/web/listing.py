"""The queue as a list."""

from typing import Literal

from flask import g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from service.auth import requires
from service.claims import count_visible, visible_to
from service.dossier import any_samples, read_lines
from service.errors import ApiError
from service.moderators import Role
from service.queue import read_page
from service.schema import QueueQuery
from service.state import service_state
from service.web.blueprint import web
from service.web.highlight import pieces

_PAGE = 50


@web.get("/queue")
@requires(Role.MODERATOR)
def queue() -> Response | str:
    """List what waits."""
    by_age = request.args.get("order") == "oldest"
    order: Literal["score", "oldest"] = "oldest" if by_age else "score"
    query = QueueQuery(order=order, limit=_PAGE, after=request.args.get("after"))
    visible = visible_to(g.person)
    with service_state().engine.connect() as connection:
        try:
            comments, following = read_page(connection, query, visible=visible)
        except ApiError:
            return redirect(url_for("web.queue", order=order))
        return render_template(
            "queue.html",
            lines=read_lines(connection, list(comments)),
            following=following,
            order=order,
            waiting=count_visible(connection, g.person),
            samples=any_samples(connection),
            pieces=pieces,
        )
