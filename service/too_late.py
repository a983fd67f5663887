"""What is answered instead of an answer that does not come in time."""

from collections.abc import Callable
from wsgiref.types import WSGIEnvironment

from flask import Flask

from service.errors import ApiError
from service.observe import headers_of, request_id_of
from service.problems import RETRY_AFTER_S
from service.state import service_state_of

Answer = tuple[int, list[tuple[str, str]], bytes]


def too_late(app: Flask) -> Callable[[WSGIEnvironment], Answer]:
    """Return what tells a client, in the format that it asked in; it waits for nothing."""

    def answer(environ: WSGIEnvironment) -> Answer:
        error = ApiError(
            503,
            "request_timeout",
            "there was no answer in time; send the request again later",
            headers={"Retry-After": RETRY_AFTER_S},
        )
        # The view that does not end goes on with the environment that it has.
        with app.app_context(), app.request_context(dict(environ)):
            response = app.make_response(app.handle_user_exception(error))
            named = headers_of(service_state_of(app).in_force.last, request_id_of(environ))
            return response.status_code, [*response.headers, *named], response.get_data()

    return answer
