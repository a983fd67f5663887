"""Who may call what: every view names the scope or role it needs, or says that it needs none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar
from wsgiref.types import WSGIEnvironment

from flask import Flask, g, request
from sqlalchemy import Engine

from service.errors import ApiError
from service.key_ring import KeyRing
from service.keys import Caller, Scope
from service.moderators import Role
from service.sessions import signed_in

P = ParamSpec("P")
R = TypeVar("R")

Rule = Scope | Role | None
_RULE = "_access_rule"
_CREDENTIAL = "_credential"
_REALM = 'Bearer realm="ghirbal"'


def bearer(environ: WSGIEnvironment) -> str | None:
    """Return the key in the header ``Authorization: Bearer KEY``."""
    kind, _, key = environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return key.strip() or None if kind.lower() == "bearer" else None


@dataclass(frozen=True, slots=True)
class Credential:
    """How the callers of a view show who they are.

    Parameters
    ----------
    read : callable
        Returns the key in a request, None if there is none.
    needed : callable
        Says whether the view is closed to callers without a valid key.
    """

    read: Callable[[WSGIEnvironment], str | None] = bearer
    needed: Callable[[], bool] = lambda: True


_BEARER = Credential()


def requires(rule: Rule, *, by: Credential = _BEARER) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view with what its callers need; None opens it to everyone.

    A scope asks for an API key that has it, a role for a moderator who is signed in.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _RULE, rule)
        setattr(view, _CREDENTIAL, by)
        return view

    return mark


def access_rules(app: Flask) -> dict[str, Rule]:
    """Return what each endpoint requires.

    Raises
    ------
    LookupError
        If a view has none: a route that nobody thought about must not go out.
    """
    rules: dict[str, Rule] = {}
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, _RULE):
            raise LookupError(f"{endpoint} has no @requires(...)")
        rules[endpoint] = getattr(view, _RULE)
    return rules


def guard(app: Flask, engine: Engine, ring: KeyRing) -> None:
    """Check the key or the session of every request to `app`, before its body is read."""
    rules = access_rules(app)
    credentials = {name: getattr(app.view_functions[name], _CREDENTIAL) for name in rules}

    def check() -> None:
        g.caller = None
        endpoint = request.endpoint
        if endpoint is None:
            return
        rule = rules[endpoint]
        if isinstance(rule, Role):
            g.person = signed_in(engine, rule)
        elif rule is not None:
            g.key_asked = True
            g.caller = _caller(ring, rule, credentials[endpoint])

    app.before_request(check)


def _caller(ring: KeyRing, scope: Scope, by: Credential) -> Caller | None:
    try:
        return _known_caller(ring, scope, by.read(request.environ))
    except ApiError:
        if by.needed():
            raise
        return None


def _known_caller(ring: KeyRing, scope: Scope, key: str | None) -> Caller:
    if key is None:
        raise ApiError(
            401,
            "key_missing",
            "send an API key in the header Authorization: Bearer KEY",
            headers={"WWW-Authenticate": _REALM},
        )
    caller = ring.find(key)
    if caller is None:
        raise ApiError(
            401,
            "key_invalid",
            "the API key is unknown or revoked",
            headers={"WWW-Authenticate": f'{_REALM}, error="invalid_token"'},
        )
    if scope not in caller.scopes:
        raise ApiError(
            403,
            "scope_missing",
            f"the API key lacks the scope {scope.value!r}",
            headers={
                "WWW-Authenticate": (f'{_REALM}, error="insufficient_scope", scope="{scope.value}"')
            },
        )
    return caller
