"""API keys and webhooks of the sites, for admins; a secret is shown once, where it is made."""

from functools import partial
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.auth import requires
from service.database import writing
from service.errors import KeyNameError
from service.keys import Scope, add_key, list_keys, revoke_key
from service.moderators import Role
from service.newsroom_errors import SiteNameError, WebhookError
from service.outbox import dead_letters, discard, replay
from service.sites import find_site, list_sites
from service.state import service_state
from service.web.asked import whole
from service.web.blueprint import web
from service.web.formats import number as in_digits
from service.webhooks import (
    add_secret,
    add_webhook,
    keep_newest_secret,
    list_webhooks,
    new_secret,
    remove_webhook,
)

EVENTS = ("comment.decided", "comment.queued")
_NAME_LIMIT = 80
_URL_LIMIT = 2_000


@web.get("/keys")
@requires(Role.ADMIN)
def keys() -> str:
    """List the keys."""
    return _keys()


@web.post("/keys")
@requires(Role.ADMIN)
def post_keys() -> Response | str | tuple[str, int]:
    """Make a key or take one out of use."""
    wish, name = request.form.get("do"), request.form.get("name", "").strip()
    if wish == "revoke":
        try:
            with writing(service_state().engine) as connection:
                revoke_key(connection, name, moderator_id=g.person.id)
        except KeyNameError:
            flash(gettext("There is no such key in use."), "problem")
        else:
            flash(gettext("The key is out of use."), "done")
        return redirect(url_for("web.keys"), 303)
    if wish != "add":
        raise BadRequest
    scopes = [scope for scope in Scope if scope.value in request.form.getlist("scope")]
    if not 0 < len(name) <= _NAME_LIMIT or not scopes:
        flash(gettext("A key needs a name and something that it may do."), "problem")
        return _keys(), 400
    try:
        with writing(service_state().engine) as connection:
            site_id = find_site(connection, request.form.get("site", ""))
            key = add_key(connection, name, scopes, site_id=site_id, moderator_id=g.person.id)
    except SiteNameError:
        raise BadRequest from None
    except KeyNameError:
        flash(gettext("This name is taken; choose another one."), "problem")
        return _keys(), 409
    return _keys(made=(name, key))


def _keys(made: tuple[str, str] | None = None) -> str:
    with service_state().engine.connect() as connection:
        return render_template(
            "keys.html",
            keys=list_keys(connection),
            sites=list_sites(connection),
            scopes=list(Scope),
            made=made,
        )


@web.get("/webhooks")
@requires(Role.ADMIN)
def webhooks() -> str:
    """List the webhooks, and what could not be delivered."""
    return _webhooks()


@web.post("/webhooks")
@requires(Role.ADMIN)
def post_webhooks() -> Response | str | tuple[str, int]:
    """Add a webhook, change its secrets, remove it, or send dead letters again."""
    wish = request.form.get("do")
    if wish == "add":
        return _add_webhook()
    if wish in {"replay", "discard"}:
        with writing(service_state().engine) as connection:
            count = (replay if wish == "replay" else discard)(connection)
        flash(gettext("Events: %(n)s.", n=in_digits(count)), "done")
        return redirect(url_for("web.webhooks"), 303)
    secret = new_secret()
    changes: dict[str | None, Any] = {
        "secret": lambda connection, number: add_secret(connection, number, secret),
        "newest": keep_newest_secret,
        "remove": partial(remove_webhook, moderator_id=g.person.id),
    }
    number = request.form.get("webhook", type=whole)
    if wish not in changes or number is None:
        raise BadRequest
    try:
        with writing(service_state().engine) as connection:
            changes[wish](connection, number)
    except WebhookError:
        flash(gettext("There is no such webhook."), "problem")
        return _webhooks(), 404
    if wish == "secret":
        return _webhooks(made=secret)
    flash(gettext("Changed."), "done")
    return redirect(url_for("web.webhooks"), 303)


def _add_webhook() -> str | tuple[str, int]:
    url = request.form.get("url", "").strip()
    events = [event for event in EVENTS if event in request.form.getlist("event")]
    secret = new_secret()
    try:
        if not events or len(url) > _URL_LIMIT:
            raise WebhookError(url)
        with writing(service_state().engine) as connection:
            site_id = find_site(connection, request.form.get("site", ""))
            add_webhook(
                connection,
                url,
                events=events,
                secret=secret,
                site_id=site_id,
                moderator_id=g.person.id,
            )
    except SiteNameError:
        raise BadRequest from None
    except WebhookError:
        told = gettext("A webhook needs an address such as https://site.example/hook and an event.")
        flash(told, "problem")
        return _webhooks(), 400
    return _webhooks(made=secret)


def _webhooks(made: str | None = None) -> str:
    with service_state().engine.connect() as connection:
        return render_template(
            "webhooks.html",
            webhooks=list_webhooks(connection),
            dead=dead_letters(connection),
            sites=list_sites(connection),
            events=EVENTS,
            made=made,
        )
