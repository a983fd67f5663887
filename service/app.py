"""Putting the application together; whatever is wrong with the settings stops it here."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Flask, Response, request
from werkzeug.routing import BaseConverter

from moderation import load_scorer
from service.api import api
from service.auth import access_rules, guard
from service.author_ids import hash_ids
from service.coral import coral
from service.database import open_engine
from service.errors import ApiError
from service.express import Express
from service.google_batch import google_batch
from service.health import health
from service.json_provider import OrjsonProvider
from service.judge import Judge
from service.key_ring import KeyRing
from service.metrics import Metrics, metrics_page
from service.moderations import moderations
from service.moderations import render as render_moderations
from service.newsroom_api import newsroom
from service.observe import observe
from service.openapi import describe_api, reference
from service.perspective import perspective
from service.perspective_errors import render as render_perspective
from service.policies import JudgeInForce
from service.problems import answer_problems, render_native
from service.rate_limits import limit_rates, limit_waits
from service.rules import load_policy
from service.settings import Settings
from service.state import EXTENSION, ServiceState
from service.web.blueprint import error_page, register_web


class _IdConverter(BaseConverter):
    """A site's own id in an address; sites use addresses as ids, so it may hold slashes."""

    # Any character, also a line feed.
    regex = "(?s:.+?)"
    part_isolating = False


class _Service(Flask):
    """Flask without a look at each hook and view of each request: none of them is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def build_app(settings: Settings) -> Flask:
    """Create the WSGI application; see `service.create_app`."""
    app = _Service("service", static_folder=None)
    # One more than allowed; see service.body.
    app.config["MAX_CONTENT_LENGTH"] = settings.max_body_bytes + 1
    app.json = OrjsonProvider(app)
    app.url_map.converters["id"] = _IdConverter
    # An id such as "https://site/1" must not be redirected to one with a single slash.
    app.url_map.merge_slashes = False
    engine = hash_ids(open_engine(settings.database_url), settings.author_id_secret)
    metrics = Metrics()
    judge = replace(build_judge(settings), observe=metrics.judged)
    in_force = JudgeInForce(engine, judge)
    app.extensions[EXTENSION] = ServiceState(engine, in_force, settings, metrics)
    observe(app, judge=in_force.get, metrics=metrics)
    ring = KeyRing(engine)
    app.register_blueprint(api)
    app.register_blueprint(newsroom)
    app.register_blueprint(health)
    register_web(app, settings)
    app.register_blueprint(perspective)
    app.register_blueprint(google_batch)
    app.register_blueprint(moderations)
    app.register_blueprint(coral)
    app.register_blueprint(metrics_page)
    app.register_blueprint(reference)
    answer_problems(app, _render)
    guard(app, engine, ring)
    describe_api(app, access_rules(app))
    limit = limit_rates(app, settings)
    express = Express(
        app.wsgi_app,
        in_force,
        ring,
        metrics,
        limit=limit,
        limit_waits=limit_waits(settings),
        key_needed=settings.perspective_keys == "required",
        max_body_bytes=settings.max_body_bytes,
    )
    app.wsgi_app = express  # type: ignore[method-assign, assignment] # Flask's way to wrap it
    return app


def _render(error: ApiError) -> Response:
    """Return an error that no blueprint caught, as the callers of its address read it."""
    if request.path.startswith(("/v1alpha1/", "/batch")):
        return render_perspective(error)
    if request.path.startswith("/v1/moderations"):
        return render_moderations(error)
    return error_page(error.status) or render_native(error)


def build_judge(settings: Settings) -> Judge:
    """Load the model and the policy that the settings name."""
    scorer = load_scorer() if settings.model_path is None else load_scorer(settings.model_path)
    if settings.policy_file is None:
        return Judge(scorer, scorer.default_policy())
    return Judge(scorer, *load_policy(settings.policy_file))
