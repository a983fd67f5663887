import subprocess
from pathlib import Path

import pytest
from service_samples import APPROVED
from serving import COMMAND, environment

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


@pytest.fixture
def url(site, engine, sqlite_url):
    site.post("/v1/comments", {"id": "c-1", "text": APPROVED})
    engine.dispose()
    return sqlite_url


def run(url, *arguments, **options):
    command = [*COMMAND, *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    return subprocess.run(command, env=environment(url), text=True, check=False, **pipes)


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "comments"),
        ("export", "training"),
        ("audit", "list"),
        ("audit", "list", "--format", "csv"),
        ("keys", "list"),
    ],
)
def test_output_that_is_full_is_one_line_and_no_traceback(url, arguments):
    run(url, "export", "comments")  # for the audit to hold something
    with FULL.open("w") as full:
        done = run(url, *arguments, stdout=full)
    expected = "Error: the output: No space left on device\n"
    assert (done.returncode, done.stderr) == (1, expected)


@needs_full
def test_file_that_is_full_is_one_line_and_no_traceback(url):
    done = run(url, "export", "comments", "--output", str(FULL))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: the output: No space left on device\n"


def test_reader_that_has_seen_enough_is_no_error_to_tell(url):
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as reader:
        reader.wait()
        done = run(url, "keys", "list", stdout=reader.stdin)
    assert (done.returncode, done.stderr) == (1, "")


def test_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    done = run(f"sqlite:///{tmp_path}/file/ghirbal.sqlite3", "keys", "list")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
