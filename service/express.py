"""A short way for the one request that readers wait for, in front of Flask.

Comment systems ask comments:analyze once or twice for each comment before it appears, and what
Flask does around a request takes several times as long as scoring. This way answers what is plainly
in order, with the very functions that the view uses; anything else goes on to Flask as it came, so
that errors and limits are told in one place. Where nothing has to be looked up, it needs no thread
either: a reader's comment does not wait behind an import or a slow database.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson

from service.analysis import analysis_of
from service.body import parse, validated
from service.judge import Judge
from service.key_ring import KeyRing
from service.keys import Caller, Scope
from service.metrics import Metrics
from service.observe import Answered, headers_of, note, request_id_of
from service.perspective import key_of
from service.perspective_schema import AnalyzeRequest
from service.policies import JudgeInForce
from service.rate_limits import COUNTED, Limit

_PATH = "/v1alpha1/comments:analyze"
_ENDPOINT = "perspective.analyze"
# A comment of the greatest length, its letters escaped, and what stands around it.
_ORDINARY_BYTES = 131_072
# Up to here it takes less time to answer than to hand a request to a thread.
_BRIEF_BYTES = 4_096

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True, slots=True)
class Express:
    """A WSGI application around another one.

    Parameters
    ----------
    behind : WSGIApplication
        Answers all other requests.
    in_force : JudgeInForce
    ring : KeyRing
    metrics : Metrics
    limit : callable
        Counts a request of a caller, or of an address; raises ApiError where it is one too many.
    limit_waits : bool
        Whether counting asks another machine.
    key_needed : bool
        Whether only callers with a valid key are answered.
    max_body_bytes : int
        A larger body is left to the other application.
    """

    behind: WSGIApplication
    in_force: JudgeInForce
    ring: KeyRing
    metrics: Metrics
    limit: Limit
    limit_waits: bool
    key_needed: bool
    max_body_bytes: int

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request, or have it answered."""
        answer = self._answer(environ) if _is_analyze(environ) else None
        if answer is None:
            return self.behind(environ, start)
        _, headers, body = answer
        start("200 OK", headers)
        return [body]

    def at_once(self, environ: WSGIEnvironment) -> Answer | None:
        """Answer a request that takes no time to answer; None where it may."""
        if not _is_analyze(environ) or self.limit_waits or not self.in_force.is_fresh:
            return None
        length = environ.get("CONTENT_LENGTH", "")
        brief = length.isdecimal() and int(length) <= _BRIEF_BYTES
        known = brief and self.ring.remembers(key_of(environ) or "")
        return self._answer(environ) if known else None

    def _answer(self, environ: WSGIEnvironment) -> Answer | None:
        begun = time.perf_counter()
        done = self._scored(environ)
        if done is None:
            return None
        body, judge, caller = done
        request_id = request_id_of(environ)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        key_id = caller.key_id if caller else None
        answered = Answered(_ENDPOINT, "POST", 200, request_id, key_id)
        note(self.metrics, answered, seconds=time.perf_counter() - begun)
        return 200, headers + headers_of(judge, request_id), body

    def _scored(self, environ: WSGIEnvironment) -> tuple[bytes, Judge, Caller | None] | None:
        length = environ.get("CONTENT_LENGTH") or ""
        if not length.isdecimal() or "HTTP_CONTENT_ENCODING" in environ:
            return None
        if int(length) > min(_ORDINARY_BYTES, self.max_body_bytes):
            return None
        try:
            body = environ["wsgi.input"].read(int(length))
            environ["wsgi.input"] = BytesIO(body)
            caller = self._caller(environ)
            if caller is None and self.key_needed:
                return None
            wanted = validated(AnalyzeRequest, parse(body))
            self.limit(caller, environ.get("REMOTE_ADDR"))
            environ[COUNTED] = True
            judge = self.in_force.get()
            return orjson.dumps(analysis_of(wanted, judge)), judge, caller
        except Exception:
            # Whatever it is, Flask meets it again, and tells and logs it as it always does.
            return None

    def _caller(self, environ: WSGIEnvironment) -> Caller | None:
        key = key_of(environ)
        caller = None if key is None else self.ring.find(key)
        return caller if caller is not None and Scope.SCORE in caller.scopes else None


def _is_analyze(environ: WSGIEnvironment) -> bool:
    return bool(environ["PATH_INFO"] == _PATH and environ["REQUEST_METHOD"] == "POST")
