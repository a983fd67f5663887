"""JSON of all answers, written by orjson: Python's own takes longer than scoring."""

import json
from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider


class OrjsonProvider(JSONProvider):
    """What `flask.jsonify` and templates write JSON with; Arabic stays readable."""

    def dumps(self, obj: object, **_options: Any) -> str:  # noqa: ANN401 - as Flask declares it
        """Return a value as JSON."""
        return _dump(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:  # noqa: ANN401 - as Flask declares it
        """Return the value behind JSON."""
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:  # noqa: ANN401 - likewise
        """Return an answer that holds a value."""
        document = self._prepare_response_obj(args, kwargs)
        return Response(_dump(document), mimetype="application/json")


def _dump(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        # Whole numbers of more than 64 bits: a site may name its comments so.
        return json.dumps(value).encode()
