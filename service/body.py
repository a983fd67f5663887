"""Reading a request: JSON that means one thing only, checked against a model."""

import json
import zlib
from gzip import GzipFile
from io import BytesIO
from typing import Any, NoReturn, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge

from service.errors import ApiError

Model = TypeVar("Model", bound=BaseModel)

# Problems that have a code and a status of their own; all others are "invalid_request".
_STATUS = {"comment_too_long": 413, "comment_empty": 400, "batch_too_large": 413}
_MESSAGES = {
    "extra_forbidden": "is not a field of this request",
    "missing": "is required",
    "model_type": "must be a JSON object",
    "string_type": "must be a string",
    "string_unicode": "must be valid Unicode, without unpaired surrogates",
}
_NAME_LIMIT = 100
# Google's client for Java compresses what it sends.
_GZIP = {"gzip", "x-gzip"}
_ENCODINGS = _GZIP | {"", "identity"}


class _AmbiguousError(ValueError):
    """The body is not JSON, or JSON that two readers may understand differently."""


def read_json(request: Request, *, any_type: bool = False) -> dict[str, Any]:
    """Return the object in the body of a request; `any_type` overlooks a wrong Content-Type.

    Raises
    ------
    ApiError
        If the body is not JSON, not UTF-8, not an object or ambiguous.
    """
    if not any_type and request.mimetype != "application/json":
        raise ApiError(
            415,
            "unsupported_media_type",
            "send the body as JSON with the header Content-Type: application/json",
        )
    return parse(read_body(request))


def parse(body: bytes) -> dict[str, Any]:
    """Return the object in a body; raises as `read_json` does."""
    try:
        document = _parse(body)
    except _AmbiguousError as error:
        raise ApiError(400, "invalid_json", f"the body is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ApiError(400, "invalid_request", "the body must be a JSON object")
    return document


def read_body(request: Request) -> bytes:
    """Return the bytes of a body, as long as they are not too many."""
    encoding = request.environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if encoding not in _ENCODINGS:
        raise ApiError(
            415, "unsupported_media_type", "send the body without Content-Encoding, or as gzip"
        )
    limit = request.max_content_length
    body = _received(request, limit)
    return _unpacked(body, limit) if encoding in _GZIP else body


def _received(request: Request, limit: int | None) -> bytes:
    if limit is None:
        return request.get_data(cache=False)
    if (request.content_length or 0) >= limit:
        raise RequestEntityTooLarge
    # Read without Werkzeug's wrappers, which cost more than to parse what is read. A body sent in
    # chunks does not tell its length: the limit is set one byte higher so that its end shows.
    body: bytes = request.environ["wsgi.input"].read(limit)
    if len(body) >= limit:
        raise RequestEntityTooLarge
    return body


def _unpacked(body: bytes, limit: int | None) -> bytes:
    try:
        unpacked = GzipFile(fileobj=BytesIO(body)).read(-1 if limit is None else limit)
    except (OSError, EOFError, zlib.error):
        raise ApiError(400, "invalid_json", "the body is not gzip, or cut short") from None
    if limit is not None and len(unpacked) >= limit:
        raise RequestEntityTooLarge
    return unpacked


def _parse(body: bytes) -> object:
    try:
        # A byte order mark is not allowed in JSON, but Windows programs write one.
        text = body.decode("utf-8-sig")
        return _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise _AmbiguousError(f"byte {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _AmbiguousError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise _AmbiguousError("it is nested too deeply") from None
    except _AmbiguousError:
        raise
    except ValueError:
        # Python refuses to read whole numbers of more than 4,300 digits.
        raise _AmbiguousError("a number is too long") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _AmbiguousError(f"the name {printable(name)!r} stands twice in one object")
            seen.add(name)
    return document


def _no_constant(name: str) -> NoReturn:
    raise _AmbiguousError(f"{name} is not a JSON number")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def validated(model: type[Model], document: object) -> Model:
    """Return `document` as a `model`.

    Raises
    ------
    ApiError
        Naming the first field that is wrong.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise ApiError(
            _STATUS.get(first["type"], 400),
            first["type"] if first["type"] in _STATUS else "invalid_request",
            _MESSAGES.get(first["type"], first["msg"]).removeprefix("Value error, "),
            field=printable(".".join(map(str, first["loc"]))) or None,
        ) from None


def printable(name: str) -> str:
    """Return a name from a request as it can be sent back: short and valid Unicode."""
    return name[:_NAME_LIMIT].encode("utf-8", "replace").decode("utf-8")
