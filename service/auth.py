"""Who may call what: every view names the scope it needs, or says that it needs none."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask, g, request
from sqlalchemy import Engine

from service.errors import ApiError
from service.keys import Caller, Scope, find_caller

P = ParamSpec("P")
R = TypeVar("R")

_RULE = "_required_scope"
_REALM = 'Bearer realm="ghirbal"'


def requires(scope: Scope | None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view with the scope that its callers need; None opens it to everyone."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _RULE, scope)
        return view

    return mark


def required_scopes(app: Flask) -> dict[str, Scope | None]:
    """Return the scope of each endpoint.

    Raises
    ------
    LookupError
        If a view has none: a route that nobody thought about must not go out.
    """
    scopes: dict[str, Scope | None] = {}
    for endpoint, view in app.view_functions.items():
        if not hasattr(view, _RULE):
            raise LookupError(f"{endpoint} has no @requires(...)")
        scopes[endpoint] = getattr(view, _RULE)
    return scopes


def guard(app: Flask, engine: Engine) -> None:
    """Check the key of every request to `app`, before its body is read."""
    scopes = required_scopes(app)

    def check() -> None:
        if request.endpoint is None:
            return
        scope = scopes[request.endpoint]
        if scope is not None:
            g.caller = _caller(engine, scope)

    app.before_request(check)


def _caller(engine: Engine, scope: Scope) -> Caller:
    kind, _, key = request.headers.get("Authorization", "").strip().partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise ApiError(
            401,
            "key_missing",
            "send an API key in the header Authorization: Bearer KEY",
            headers={"WWW-Authenticate": _REALM},
        )
    with engine.connect() as connection:
        caller = find_caller(connection, key.strip())
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
