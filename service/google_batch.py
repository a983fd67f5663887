"""Several Perspective requests in one, as Google's client libraries send them."""

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from io import BytesIO
from urllib.parse import unquote_to_bytes
from uuid import uuid4

from flask import Blueprint, Response, current_app, request
from werkzeug.http import HTTP_STATUS_CODES, parse_options_header
from werkzeug.wrappers import Response as PartResponse

from service.auth import requires
from service.body import read_body
from service.perspective_errors import invalid_request, render
from service.problems import answer_problems
from service.schema import BATCH_LIMIT

google_batch = Blueprint("google_batch", __name__)
answer_problems(google_batch, render)

# Python's client ends lines with a line feed only.
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_REQUEST_LINE = re.compile(
    rb"POST (?:https?://[^/\s]+)?(/v1alpha1/[^\s?]+)(?:\?(\S*))? HTTP/1\.[01]"
)
_UNPRINTABLE = re.compile(r"[^\x21-\x7E]+")
_PASSED_ON = {"X-Goog-Api-Key": "HTTP_X_GOOG_API_KEY", "Authorization": "HTTP_AUTHORIZATION"}
# What belongs to the request around the parts.
_NOT_PASSED_ON = {"HTTP_COOKIE", "HTTP_CONTENT_ENCODING", "HTTP_X_REQUEST_ID", "werkzeug.request"}


@google_batch.post("/batch")
@requires(None)
def batch() -> Response:
    """Answer each part as if it had come by itself; each brings its own key."""
    kind, options = parse_options_header(request.headers.get("Content-Type", ""))
    boundary = options.get("boundary", "").encode("ascii", "replace")
    if kind != "multipart/mixed" or not boundary:
        raise invalid_request("A batch must be of the type multipart/mixed with a boundary.")
    ours = f"batch_{uuid4().hex}"
    answers = [_answered(part) for part in _parts(read_body(request), boundary)]
    body = b"".join(b"--%s\r\n%s\r\n" % (ours.encode(), each) for each in answers)
    body += b"--%s--\r\n" % ours.encode()
    return Response(body, content_type=f"multipart/mixed; boundary={ours}")


def _parts(body: bytes, boundary: bytes) -> Iterator[bytes]:
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(?:--)?[ \t]*(?:\r?\n|\Z)")
    # The first and the last one are what stands around the parts.
    pieces = mark.split(body, maxsplit=BATCH_LIMIT + 2)[1:-1]
    if not pieces:
        raise invalid_request("The batch has no parts, or its last one does not end.")
    if len(pieces) > BATCH_LIMIT:
        raise invalid_request(f"The batch has more than {BATCH_LIMIT} parts.")
    yield from pieces


def _answered(part: bytes) -> bytes:
    around, inner = _head_and_rest(part)
    start, body = _head_and_rest(inner.lstrip())
    line, _, headers = start.partition(b"\n")
    response = _dispatched(line.strip(), BytesHeaderParser().parsebytes(headers), body)
    named = BytesHeaderParser().parsebytes(around).get("Content-ID", "<>")
    # A long one comes folded.
    name = _UNPRINTABLE.sub(" ", str(named)).strip().removeprefix("<")
    status = response.status_code
    head = (
        f"Content-Type: application/http\r\nContent-ID: <response-{name}\r\n\r\n"
        f"HTTP/1.1 {status} {HTTP_STATUS_CODES.get(status, 'Unknown')}\r\n{response.headers}"
    )
    return head.encode() + bytes(response.get_data())


def _head_and_rest(message: bytes) -> tuple[bytes, bytes]:
    head, *rest = _BLANK_LINE.split(message, maxsplit=1)
    return head, rest[0] if rest else b""


def _dispatched(line: bytes, headers: Message, body: bytes) -> PartResponse:
    wanted = _REQUEST_LINE.fullmatch(line)
    if wanted is None:
        return render(invalid_request("A part must be a POST to an address under /v1alpha1/."))
    environ = {name: value for name, value in request.environ.items() if name not in _NOT_PASSED_ON}
    environ |= {
        "PATH_INFO": unquote_to_bytes(wanted[1]).decode("latin-1"),
        "QUERY_STRING": (wanted[2] or b"").decode("latin-1"),
        "CONTENT_TYPE": str(headers.get("Content-Type", "")),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
    environ |= {
        variable: str(headers[name]) for name, variable in _PASSED_ON.items() if name in headers
    }
    # A context of its own, so that each part has its own caller, id and time.
    with current_app.app_context():
        return PartResponse.from_app(current_app.wsgi_app, environ)
