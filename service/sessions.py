"""Who is signed in: a signed cookie names the account and the password that opened it."""

import secrets

from flask import Flask, Request, Response, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from sqlalchemy import Engine

from service.moderators import Person, Role, find_person
from service.session_secret import session_secret
from service.settings import Settings

SESSION_HOURS = 12
_PERSON, _PASSWORD_VERSION, _RANDOM = "person", "password_version", "random"
_KEPT = "preferences"


class SignInNeededError(Exception):
    """Nobody is signed in, or no longer."""


class RoleTooLowError(Exception):
    """The moderator may not do this."""


class _OnlyWithCookie(SecureCookieSessionInterface):
    """Sessions that cost a caller of the API nothing: it sends no cookie and opens none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if "HTTP_COOKIE" not in request.environ:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if session.accessed or session.modified:
            super().save_session(app, session, response)


def set_up_sessions(app: Flask, settings: Settings) -> None:
    """Give `app` its secret and the rules of its cookie."""
    app.session_interface = _OnlyWithCookie()
    app.config.update(
        SECRET_KEY=session_secret(settings),
        SESSION_COOKIE_NAME="ghirbal",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        PERMANENT_SESSION_LIFETIME=SESSION_HOURS * 3_600,
    )


def start_session(person: Person) -> None:
    """Sign a moderator in; nothing of the session before, its CSRF token included, lives on."""
    kept = session.get(_KEPT)
    session.clear()
    session.permanent = True
    session[_PERSON] = person.id
    session[_PASSWORD_VERSION] = person.password_version
    session[_RANDOM] = secrets.token_hex(8)
    if kept:
        session[_KEPT] = kept


def end_session() -> None:
    """Sign out in this browser."""
    session.clear()


def current_person(engine: Engine) -> Person | None:
    """Return who is signed in; None for nobody, or once account or password are out of use."""
    if _PERSON not in session:
        return None
    with engine.connect() as connection:
        return find_person(connection, session[_PERSON], session[_PASSWORD_VERSION])


def signed_in(engine: Engine, role: Role) -> Person:
    """Return who is signed in.

    Raises
    ------
    SignInNeededError
        If nobody is.
    RoleTooLowError
        If their role does not cover `role`.
    """
    person = current_person(engine)
    if person is None:
        raise SignInNeededError
    if not person.role.covers(role):
        raise RoleTooLowError
    return person
