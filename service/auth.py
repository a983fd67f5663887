"""Who may call what: every view names the scope or role it needs, or says that it needs none."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask import Flask, g, request
from sqlalchemy import Engine

from service.errors import ApiError
from service.keys import Caller, Scope, find_caller
from service.moderators import Role
from service.sessions import signed_in

P = ParamSpec("P")
R = TypeVar("R")

Rule = Scope | Role | None
_RULE = "_access_rule"
_REALM = 'Bearer realm="ghirbal"'


def requires(rule: Rule) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view with what its callers need; None opens it to everyone.

    A scope asks for an API key that has it, a role for a moderator who is signed in.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _RULE, rule)
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


def guard(app: Flask, engine: Engine) -> None:
    """Check the key or the session of every request to `app`, before its body is read."""
    rules = access_rules(app)

    def check() -> None:
        if request.endpoint is None:
            return
        rule = rules[request.endpoint]
        if isinstance(rule, Role):
            g.person = signed_in(engine, rule)
        elif rule is not None:
            g.caller = _caller(engine, rule)

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
