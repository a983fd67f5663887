"""The accounts of moderators, for admins, and one's own password."""

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from service.auth import requires
from service.database import writing
from service.errors import ModeratorError
from service.moderators import (
    PASSWORD_MIN,
    Role,
    add_moderator,
    deactivate,
    find_person,
    list_moderators,
    new_password,
    set_password,
    sign_in,
)
from service.second_factor import switch_off
from service.sessions import start_session
from service.state import service_state
from service.web.blueprint import web
from service.web.formats import number

_NAME_LIMIT = 80


@web.get("/people")
@requires(Role.ADMIN)
def people() -> str:
    """List the accounts."""
    return _page()


@web.post("/people")
@requires(Role.ADMIN)
def post_people() -> Response | str | tuple[str, int]:
    """Add an account, give it a new password, or put it out of use."""
    wish, name = request.form.get("do"), request.form.get("name", "").strip()
    if wish not in {"add", "password", "one-factor", "deactivate"}:
        raise BadRequest
    if wish == "add" and not 0 < len(name) <= _NAME_LIMIT:
        flash(gettext("An account needs a name."), "problem")
        return _page(), 400
    if wish == "deactivate" and name == g.person.name:
        flash(gettext("You cannot put your own account out of use."), "problem")
        return _page(), 400
    return _add(name) if wish == "add" else _change(name, wish)


def _add(name: str) -> str | tuple[str, int]:
    try:
        role = Role(request.form.get("role", ""))
    except ValueError:
        raise BadRequest from None
    password = new_password()
    shown = request.form.get("display_name", "").strip()[:_NAME_LIMIT] or None
    try:
        with writing(service_state().engine) as connection:
            add_moderator(
                connection,
                name,
                role=role,
                password=password,
                display_name=shown,
                moderator_id=g.person.id,
            )
    except ModeratorError:
        flash(gettext("This name is taken; choose another one."), "problem")
        return _page(), 409
    # Shown in this very answer: it is kept nowhere, not even in a cookie.
    return _page(made=(name, password))


def _change(name: str, wish: str) -> Response | str | tuple[str, int]:
    password = new_password()
    try:
        with writing(service_state().engine) as connection:
            if wish == "password":
                set_password(connection, name, password, moderator_id=g.person.id)
            elif wish == "one-factor":
                switch_off(connection, name, moderator_id=g.person.id)
            else:
                deactivate(connection, name, moderator_id=g.person.id)
    except ModeratorError:
        flash(gettext("There is no such account."), "problem")
        return _page(), 404
    if wish == "password":
        return _page(made=(name, password))
    told = {
        "one-factor": gettext("The account signs in with the password alone."),
        "deactivate": gettext("The account is out of use; what it decided stays."),
    }
    flash(told[wish], "done")
    return redirect(url_for("web.people"), 303)


def _page(made: tuple[str, str] | None = None) -> str:
    with service_state().engine.connect() as connection:
        return render_template(
            "people.html", people=list_moderators(connection), roles=list(Role), made=made
        )


@web.post("/password")
@requires(Role.MODERATOR)
def post_password() -> Response:
    """Change one's own password; other sessions of the account end."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    engine = service_state().engine
    if sign_in(engine, g.person.name, old) is None:
        flash(gettext("The present password is wrong."), "problem")
        return redirect(url_for("web.show_preferences"), 303)
    try:
        with writing(engine) as connection:
            set_password(connection, g.person.name, new, moderator_id=g.person.id)
            version = g.person.password_version + 1
            person = find_person(connection, g.person.id, version)
    except ModeratorError:
        told = gettext("A password needs at least %(n)s characters.", n=number(PASSWORD_MIN))
        flash(told, "problem")
        return redirect(url_for("web.show_preferences"), 303)
    if person is not None:
        start_session(person)
    flash(gettext("Your password is changed."), "done")
    return redirect(url_for("web.show_preferences"), 303)
