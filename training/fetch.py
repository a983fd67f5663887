"""Download of the original files of the corpora: a file is there whole and verified, or not at all.

What is fetched are the originals, as their authors published them: tables and spreadsheets in many
forms, some with user names in them. The rows that the models are fitted on were made from these:
handles, links, addresses and long numbers replaced, copies removed, labels mapped. What was done to
each corpus stands in `data/sources.toml`.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import BinaryIO

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from moderation._version import __version__
from training.sources import Corpus, Original

BASE_URL = "https://raw.githubusercontent.com"

_CHUNK_BYTES = 1 << 16


class Status(StrEnum):
    """What became of one file."""

    FETCHED = "fetched"
    PRESENT = "present"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file of one corpus; `problem` is empty unless it failed."""

    corpus: str
    original: Original
    status: Status
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait for a server, and how often to ask it again.

    Attributes
    ----------
    attempts : int
        Times that a file is asked for when the server is down, slow or breaks off.
    backoff_s : float
        First pause between attempts; it doubles each time.
    timeout_s : float
        Longest silence of the server.
    """

    attempts: int = 4
    backoff_s: float = 1.0
    timeout_s: float = 30.0


class _FetchError(Exception):
    """A file did not come, or is not the one that was asked for."""


class _BrokenOffError(_FetchError):
    """The connection broke inside a file: asking again may help."""


def fetch(
    corpora: Iterable[Corpus],
    to: Path,
    *,
    base_url: str = BASE_URL,
    patience: Patience | None = None,
) -> Iterator[Outcome]:
    """Download what is missing, one file after the other.

    Files that are there and verified are left alone, so a run that broke off is continued by the
    next one. Everything else is replaced once the new file is whole and has the right checksum.

    Parameters
    ----------
    corpora : iterable of Corpus
        Whose files to get.
    to : Path
        Folder; the files go to ``<to>/<corpus>/<path in the repository>``.
    base_url : str
        Where the repositories are.
    patience : Patience, optional
        Default: ``Patience()``.

    Yields
    ------
    Outcome
        One for each file; a failure does not stop the others.
    """
    patience = patience or Patience()
    with _session(patience) as session:
        server = _Server(session, base_url, patience)
        for corpus in corpora:
            for original in corpus.files:
                target = to / corpus.name / original.path
                status, problem = _settle(server, original, target)
                yield Outcome(corpus.name, original, status, problem)


def _session(patience: Patience) -> requests.Session:
    retry = Retry(
        total=patience.attempts - 1,
        backoff_factor=patience.backoff_s / 2,  # it is doubled before its first use
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,  # the last answer is reported like any other
        respect_retry_after_header=False,  # it may ask for hours
    )
    session = requests.Session()
    session.headers["User-Agent"] = f"ghirbal/{__version__}"
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _is_verified(target: Path, original: Original) -> bool:
    if not target.is_file() or target.stat().st_size != original.size_bytes:
        return False
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == original.sha256


def _place(target: Path, receive: Callable[[BinaryIO], None]) -> None:
    """Let `receive` write a file and give it its final name in one step, or leave nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder: only within one file system is a rename atomic.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            receive(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Server:
    session: requests.Session
    base_url: str
    patience: Patience

    def receive(self, original: Original, file: BinaryIO) -> None:
        """Write the verified file, starting over when the connection breaks."""
        for attempt in range(1, self.patience.attempts + 1):
            file.seek(0)
            file.truncate()
            try:
                self._stream(original, file)
                return
            except _BrokenOffError:
                # The retries of the session end where the body of an answer starts.
                if attempt == self.patience.attempts:
                    raise
                time.sleep(self.patience.backoff_s * 2 ** (attempt - 1))

    def _stream(self, original: Original, file: BinaryIO) -> None:
        digest, size_bytes = hashlib.sha256(), 0
        url = original.url(self.base_url)
        with self._get(url) as response:
            try:
                for chunk in response.iter_content(_CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    size_bytes += len(chunk)
                    if size_bytes > original.size_bytes:
                        break  # whatever this is, it need not fill the disk
            except requests.RequestException:
                raise _BrokenOffError(
                    f"{url}: expected {original.size_bytes:,} bytes, "
                    f"the connection broke off after {size_bytes:,}"
                ) from None
        if size_bytes != original.size_bytes:
            more = " or more" if size_bytes > original.size_bytes else ""
            raise _FetchError(
                f"{url}: expected {original.size_bytes:,} bytes, found {size_bytes:,}{more}"
            )
        if digest.hexdigest() != original.sha256:
            raise _FetchError(
                f"{url}: expected sha256 {original.sha256}, found {digest.hexdigest()}"
            )

    def _get(self, url: str) -> requests.Response:
        try:
            response = self.session.get(url, stream=True, timeout=self.patience.timeout_s)
        except requests.RequestException as error:
            # The message of requests is a nest of object names; what began it says enough.
            cause = getattr(error.args[0] if error.args else None, "reason", error)
            name = type(cause).__name__
            raise _FetchError(f"{url}: expected a file, found no answer ({name})") from None
        if response.status_code != requests.codes.ok:
            response.close()
            raise _FetchError(f"{url}: expected HTTP 200, found {response.status_code}")
        return response


def _settle(server: _Server, original: Original, target: Path) -> tuple[Status, str]:
    try:
        if _is_verified(target, original):
            return Status.PRESENT, ""
        _place(target, partial(server.receive, original))
    except _FetchError as error:
        return Status.FAILED, str(error)
    except OSError as error:
        return Status.FAILED, f"cannot store {target}: {error.strerror or error}"
    return Status.FETCHED, ""
