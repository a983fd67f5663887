import hashlib
import os
import socket
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from training.fetch import Patience, Status, fetch
from training.fetch_command import fetch_command
from training.sources import load_sources

COMMIT = "0123456789abcdef0123456789abcdef01234567"
BODY = ("id\ttext\n1\tصباح الخير\n" * 9000).encode()
QUICK = Patience(attempts=3, backoff_s=0, timeout_s=5)


class Repositories(BaseHTTPRequestHandler):
    """Serve one body; the path says what goes wrong with it."""

    def log_message(self, *args):
        pass

    def do_GET(self):
        asked = self.server.asked
        asked[self.path] += 1
        name = self.path.rsplit("/", 1)[1]
        first = asked[self.path] == 1
        if name == "missing.tsv":
            self.send_error(404)
        elif name == "down.tsv" or (name == "flaky.tsv" and first):
            self.send_error(500)
        elif name == "altered.tsv":
            self.answer(BODY.replace(b"1", b"2"))
        elif name == "short.tsv":
            self.answer(BODY[:-1])
        elif name == "long.tsv":
            self.answer(BODY * 50)
        elif name == "cut.tsv" or (name == "cut-once.tsv" and first):
            self.answer(BODY[:70_000], length=len(BODY))
        elif name == "silent.tsv":
            self.server.released.wait(10)
        else:
            self.answer(BODY)

    def answer(self, body, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            self.server.hung_up.set()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Repositories)
    server.asked = Counter()
    server.released, server.hung_up = threading.Event(), threading.Event()
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def sources(tmp_path):
    """Write a list with one corpus, `letters`, of files with the given paths."""

    def write(*paths, name="letters"):
        sha256 = hashlib.sha256(BODY).hexdigest()
        files = ", ".join(
            f'{{ repository = "owner/name", commit = "{COMMIT}", path = "{path}",'
            f' size_bytes = {len(BODY)}, sha256 = "{sha256}" }}'
            for path in paths
        )
        texts = ("citation", "platform", "dialect", "licence", "mapping", "quality")
        list_path = tmp_path / "sources.toml"
        with list_path.open("a", encoding="utf-8") as file:
            file.write(f'[[corpus]]\nname = "{name}"\nrecommended_use = "TRAIN"\n')
            file.writelines(f'{key} = "of a test"\n' for key in texts)
            file.write(f"licence_clear = true\nlabelled = true\nfiles = [{files}]\n")
        return list_path

    return write


@pytest.fixture
def get(server, sources, tmp_path):
    """Fetch files into `tmp_path / "to"`."""

    def run(*paths, patience=QUICK):
        corpora = load_sources(sources(*paths))
        return list(fetch(corpora, tmp_path / "to", base_url=server.url, patience=patience))

    return run


@pytest.fixture
def invoke(server, tmp_path):
    def run(list_path, *more):
        to = str(tmp_path / "to")
        args = ["--to", to, "--base-url", server.url, "--sources", str(list_path), *more]
        return CliRunner().invoke(fetch_command, args)

    return run


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_good_file_arrives_under_its_name(get, tmp_path, server):
    (outcome,) = get("input/New folder/train 1.tsv")
    assert outcome.status is Status.FETCHED
    assert outcome.problem == ""
    assert (tmp_path / "to/letters/input/New folder/train 1.tsv").read_bytes() == BODY
    assert files_below(tmp_path / "to") == ["letters/input/New folder/train 1.tsv"]
    assert list(server.asked) == [f"/owner/name/{COMMIT}/input/New%20folder/train%201.tsv"]


def test_a_verified_file_is_not_asked_for_again(get, sources, server, tmp_path):
    get("good.tsv")
    again = fetch(
        load_sources(tmp_path / "sources.toml"),
        tmp_path / "to",
        base_url=server.url,
        patience=QUICK,
    )
    assert [outcome.status for outcome in again] == [Status.PRESENT]
    assert server.asked.total() == 1


def test_a_spoilt_file_of_the_right_size_is_replaced(get, tmp_path):
    target = tmp_path / "to" / "letters" / "good.tsv"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"x" * len(BODY))
    (outcome,) = get("good.tsv")
    assert outcome.status is Status.FETCHED
    assert target.read_bytes() == BODY


@pytest.mark.parametrize("path", ["flaky.tsv", "cut-once.tsv"])
def test_a_passing_fault_is_tried_again(get, tmp_path, server, path):
    (outcome,) = get(path)
    assert outcome.status is Status.FETCHED
    assert (tmp_path / "to" / "letters" / path).read_bytes() == BODY
    assert server.asked.total() == 2


@pytest.mark.parametrize(
    ("path", "asked", "problem"),
    [
        pytest.param("missing.tsv", 1, "expected HTTP 200, found 404", id="missing"),
        pytest.param("down.tsv", 3, "expected HTTP 200, found 500", id="down"),
        pytest.param(
            "altered.tsv",
            1,
            "expected sha256 e3de41bc13251600dba4e3ff0bf43d53"
            "fcc836dbc48aafdcc3551108f5e3828b, found",
            id="altered",
        ),
        pytest.param("short.tsv", 1, "expected 270,000 bytes, found 269,999", id="short"),
        pytest.param("long.tsv", 1, "expected 270,000 bytes, found 327,680 or more", id="long"),
        pytest.param(
            "cut.tsv", 3, "expected 270,000 bytes, the connection broke off after ", id="cut"
        ),
    ],
)
def test_a_wrong_file_is_reported_and_leaves_nothing(get, tmp_path, server, path, asked, problem):
    (outcome,) = get(path)
    assert outcome.status is Status.FAILED
    assert f"{path}: {problem}" in outcome.problem
    assert files_below(tmp_path) == ["sources.toml"]
    assert server.asked.total() == asked


def test_a_failed_replacement_keeps_what_was_there(get, tmp_path):
    target = tmp_path / "to" / "letters" / "missing.tsv"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    (outcome,) = get("missing.tsv")
    assert outcome.status is Status.FAILED
    assert target.read_bytes() == b"mine"


def test_a_file_that_does_not_end_is_left_early(get, server):
    get("long.tsv")
    assert server.hung_up.wait(5)


def test_a_silent_server_is_given_up(get, tmp_path, server):
    (outcome,) = get("silent.tsv", patience=Patience(attempts=2, backoff_s=0, timeout_s=0.05))
    assert outcome.problem.endswith("expected a file, found no answer (ReadTimeoutError)")
    assert server.asked.total() == 2
    assert files_below(tmp_path) == ["sources.toml"]


def test_no_server_at_all_is_reported(sources, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, but nobody listens
        base_url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        (outcome,) = fetch(
            load_sources(sources("good.tsv")), tmp_path / "to", base_url=base_url, patience=QUICK
        )
    assert outcome.problem.endswith("expected a file, found no answer (NewConnectionError)")


def test_a_folder_that_cannot_be_written_is_reported(get, tmp_path):
    (tmp_path / "to").write_text("a file where the folder should be", encoding="utf-8")
    (outcome,) = get("good.tsv")
    assert outcome.status is Status.FAILED
    assert outcome.problem.startswith(f"cannot store {tmp_path}/to/letters/good.tsv: ")


def test_a_broken_write_leaves_no_part(get, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (outcome,) = get("good.tsv")
    assert outcome.problem.endswith("good.tsv: No space left on device")
    assert files_below(tmp_path) == ["sources.toml"]


def test_the_command_goes_on_after_a_failure_and_ends_with_1(invoke, sources, tmp_path):
    result = invoke(sources("missing.tsv", "good.tsv", "altered.tsv"))
    assert result.exit_code == 1
    assert result.stdout == f"1 fetched, 0 already there, 2 failed; in {tmp_path}/to\n"
    first, second, last = result.stderr.splitlines()
    assert first.startswith("letters: http://127.0.0.1:")
    assert first.endswith("/missing.tsv: expected HTTP 200, found 404")
    assert "/altered.tsv: expected sha256 " in second
    assert last == "Error: not all files are there; run the command again to go on"
    assert files_below(tmp_path / "to") == ["letters/good.tsv"]


def test_the_command_shows_no_bar_where_there_is_no_terminal(invoke, sources, tmp_path):
    result = invoke(sources("good.tsv"))
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout == f"1 fetched, 0 already there, 0 failed; in {tmp_path}/to\n"


def test_the_command_gets_only_the_corpora_that_are_named(invoke, sources, tmp_path):
    sources("one.tsv", name="first")
    list_path = sources("two.tsv", name="second")
    result = invoke(list_path, "--corpus", "second")
    assert result.exit_code == 0
    assert files_below(tmp_path / "to") == ["second/two.tsv"]


def test_an_unknown_corpus_is_refused_with_the_known_ones(invoke, sources, server):
    result = invoke(sources("good.tsv"), "--corpus", "leters")
    assert result.exit_code == 1
    assert result.stderr == "Error: there is no corpus leters; there are: letters\n"
    assert server.asked.total() == 0


def test_a_bad_list_is_one_line_and_no_traceback(invoke, tmp_path):
    result = invoke(tmp_path / "none.toml")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {tmp_path}/none.toml does not exist")


def test_an_address_that_is_not_http_is_refused(sources, tmp_path):
    args = ["--to", str(tmp_path), "--sources", str(sources("a.tsv")), "--base-url", "ftp://x"]
    result = CliRunner().invoke(fetch_command, args)
    assert result.exit_code == 2
    assert "ftp://x is not an http or https URL" in result.stderr
