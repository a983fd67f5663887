import json
import os
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli import ghirbal

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "service.cli", "score"]
RUDE = "انت حمار ومش بتفهم"
CLEAN = "شكرا للكاتب على هذا المقال المفيد"
ATTRIBUTES = ["abusive", "severe", "insult", "obscene", "identity_hate", "threat"]


def score(*options, lines=()):
    """Run the command on lines, dicts as JSON and bytes as they are."""
    data = b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )
    return CliRunner().invoke(ghirbal, ["score", *map(str, options)], input=data)


def results(run):
    return [json.loads(line) for line in run.stdout_bytes.splitlines()]


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(
        'version = "desk-7"\n[lists]\nbanned = ["عرض خاص"]\nsuspect = ["الملعب"]\n'
        "[thresholds.threat]\nreview_at = 1.0\n",
        encoding="utf-8",
    )
    return path


def test_result_has_the_keys_of_the_contract():
    run = score(lines=[{"id": "c1", "text": RUDE}])
    (result,) = results(run)
    assert run.exit_code == 0
    assert run.stderr == ""
    assert set(result) == {"id", "scores", "action", "reasons", "spans", "model", "policy"}
    assert list(result["scores"]) == ATTRIBUTES
    assert result["id"] == "c1"
    assert result["model"] in result["policy"]


def test_rude_comment_is_caught_with_reasons_and_spans():
    (result,) = results(score(lines=[{"id": 1, "text": RUDE}]))
    assert result["action"] in {"review", "reject"}
    assert {"insult", "abusive"} & set(result["reasons"])
    words = {RUDE[span["start"] : span["end"]] for span in result["spans"]}
    assert any("حمار" in word for word in words)
    for span in result["spans"]:
        assert set(span) == {"start", "end", "attribute", "score"}


def test_clean_comment_is_approved_without_reasons():
    (result,) = results(score("--text", CLEAN))
    assert (result["action"], result["reasons"], result["spans"]) == ("approve", [], [])


def test_scores_are_probabilities_of_at_most_six_decimals():
    (result,) = results(score("--text", RUDE))
    for value in result["scores"].values():
        assert 0 <= value <= 1
        assert value == round(value, 6)


def test_span_offsets_count_code_points_of_the_original():
    text = f"😀😀 {RUDE}"
    plain, shifted = results(score(lines=[{"text": RUDE}, {"text": text}]))
    found = {(span["start"], span["end"]) for span in shifted["spans"]}
    assert any("حمار" in text[start:end] for start, end in found)
    assert plain["spans"]


def test_order_is_kept_over_many_batches():
    lines = [{"id": number, "text": f"{CLEAN} {number}"} for number in range(5_000)]
    run = score(lines=lines)
    assert [result["id"] for result in results(run)] == list(range(5_000))


def test_a_comment_scores_the_same_alone_and_among_others():
    alone = results(score("--text", RUDE))[0]
    among = results(score(lines=[{"text": CLEAN}] * 50 + [{"text": RUDE}]))[-1]
    assert among == alone


def test_bad_lines_are_reported_by_number_and_the_others_scored():
    lines = [
        {"id": 1, "text": CLEAN},
        b"nonsense",
        {"id": 3},
        b'{"id": 4, "text": "\xff"}',
        {"id": 5, "text": "س" * 10_241},
        {"id": 6, "text": RUDE},
    ]
    run = score(lines=lines)
    assert run.exit_code == 1
    assert [result["id"] for result in results(run)] == [1, 6]
    reports = run.stderr.splitlines()
    assert reports[0].startswith("line 2: not JSON: ")
    assert reports[1:] == [
        "line 3: no text",
        "line 4: not UTF-8",
        "line 5: text has 20,482 bytes of UTF-8, at most 20,480 are scored",
    ]


def test_report_of_a_bad_line_never_quotes_it():
    run = score(lines=['{"id": 1, "text": "سر'.encode(), '{"text": ["سر"]}'.encode()])
    assert run.exit_code == 1
    assert "سر" not in run.stderr


def test_empty_input_gives_empty_output():
    run = score()
    assert (run.exit_code, run.stdout, run.stderr) == (0, "", "")


def test_csv_file_to_output_file(tmp_path):
    source, target = tmp_path / "in.csv", tmp_path / "out.jsonl"
    source.write_text(f'id,author,text\nc1,سعاد,"{RUDE}، يا أنت"\nc2,زيد,{CLEAN}\n', "utf-8")
    run = score(source, "--csv", "--output", target)
    assert (run.exit_code, run.stdout) == (0, "")
    written = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert [result["id"] for result in written] == ["c1", "c2"]
    assert written[1]["action"] == "approve"


def test_text_option_scores_one_comment_with_a_null_id():
    (result,) = results(score("--text", CLEAN))
    assert result["id"] is None


def test_policy_file_decides(policy):
    lines = [{"text": RUDE}, {"text": f"{CLEAN} عرض خاص"}, {"text": "الفريق في الملعب"}]
    rude, banned, suspect = results(score("--policy", policy, lines=lines))
    assert rude["action"] == "approve"
    assert (banned["action"], banned["reasons"]) == ("reject", ["banned_word"])
    assert (suspect["action"], suspect["reasons"]) == ("review", ["suspect_word"])
    (span,) = banned["spans"]
    start = len(CLEAN) + 1
    assert span == {"start": start, "end": start + 7, "attribute": "banned_word", "score": 1.0}
    assert banned["policy"] == "desk-7"


@pytest.mark.parametrize(
    ("rules", "note"),
    [
        pytest.param("first_comments = 2", "rules about authors do not apply", id="newcomers"),
        pytest.param("rejection_rate = 0.5", "rules about authors do not apply", id="rejected"),
        pytest.param("undo_minutes = 30", "", id="not-about-authors"),
    ],
)
def test_policy_of_the_newsroom_decides_without_its_rules(policy, rules, note):
    plain = results(score("--policy", policy, "--text", RUDE))
    with policy.open("a", encoding="utf-8") as file:
        file.write(f"[rules]\n{rules}\n")
    run = score("--policy", policy, "--text", RUDE)
    assert (run.exit_code, results(run)) == (0, plain)
    assert note in run.stderr
    assert bool(run.stderr) == bool(note)


def test_no_spans_leaves_the_decision_as_it_is():
    (full,) = results(score("--text", RUDE))
    (quick,) = results(score("--text", RUDE, "--no-spans"))
    assert quick == full | {"spans": []}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--model", "absent"], "absent is not a model folder", id="model"),
        pytest.param(["--policy", "absent.toml"], "absent.toml", id="policy"),
        pytest.param(["--output", "absent/out"], "absent/out: No such file", id="output"),
    ],
)
def test_what_is_missing_is_named_without_a_traceback(options, message):
    run = score(*options, lines=[{"text": CLEAN}])
    assert run.exit_code == 1
    assert run.stderr.startswith("Error: ")
    assert message in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["absent.jsonl"], "No such file", id="no-file"),
        pytest.param(["--text", ""], "text is empty", id="empty-text"),
        pytest.param(["--text", "\udcff"], "text is not UTF-8", id="not-utf-8"),
        pytest.param(["--text", "a", "--csv"], "--text takes the place of", id="text-and-csv"),
    ],
)
def test_wrong_use_is_explained(options, message):
    run = score(*options)
    assert run.exit_code == 2
    assert message in run.stderr


def test_csv_without_a_header_is_refused(tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("1,شكرا\n2,جميل\n", "utf-8")
    run = score("--csv", source)
    assert run.exit_code == 1
    assert "must name its columns" in run.stderr
    assert "شكرا" not in run.stderr


def test_input_is_never_overwritten(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n')
    run = score(source, "--output", source)
    assert run.exit_code == 2
    assert source.read_text() == '{"text": "a"}\n'


def test_standard_input_is_never_overwritten(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n')
    with source.open("rb") as file:
        run = subprocess.run(
            [*COMMAND, "--output", source], cwd=ROOT, stdin=file, capture_output=True
        )
    assert run.returncode == 2
    assert b"is the input as well" in run.stderr
    assert source.read_text() == '{"text": "a"}\n'


def test_output_of_standard_input_replaces_what_was_there(tmp_path):
    target = tmp_path / "out.jsonl"
    target.write_text("of the day before\n" * 100)
    run = score("--output", target, lines=[{"id": 9, "text": "a"}])
    assert (run.exit_code, run.stderr) == (0, "")
    assert json.loads(target.read_text())["id"] == 9


@pytest.mark.parametrize("count", [1, 40_000])
@pytest.mark.parametrize("output", ["/dev/null", "/dev/stdout", "/dev/fd/1"])
def test_output_may_be_a_pipe_or_a_device(tmp_path, output, count):
    source = tmp_path / "in.jsonl"
    source.write_text('{"text": "a"}\n' * count)
    run = subprocess.run([*COMMAND, source, "--output", output], cwd=ROOT, capture_output=True)
    assert (run.returncode, run.stderr) == (0, b"")
    assert len(run.stdout.splitlines()) == (0 if output == "/dev/null" else count)
    assert not Path(f"{output}.progress").exists()


def test_a_device_cannot_be_gone_on_with():
    run = score("--output", "/dev/null", "--resume")
    assert run.exit_code == 2
    assert "--resume needs --output" in run.stderr


@pytest.fixture
def many(tmp_path):
    """A file of more lines than a pipe holds."""
    path = tmp_path / "many.jsonl"
    path.write_text(f'{{"text": "{CLEAN}"}}\n' * 20_000, encoding="utf-8")
    return path


def test_command_runs_as_a_process_on_standard_input():
    process = subprocess.run(
        COMMAND, cwd=ROOT, input=b'{"id": 9, "text": "a"}\n', capture_output=True, check=True
    )
    assert json.loads(process.stdout)["id"] == 9
    assert process.stderr == b""


@pytest.mark.parametrize(
    ("closed", "message"),
    [(">&-", b"standard output is closed"), ("<&-", b"standard input is closed")],
)
def test_standard_stream_that_is_closed_is_named(closed, message):
    run = subprocess.run(
        ["bash", "-c", f'"$@" {closed}', "-", *COMMAND], cwd=ROOT, input=b"", capture_output=True
    )
    assert run.returncode == 1
    assert run.stderr.startswith(b"Error: " + message)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_reader_that_stops_reading_is_no_error_worth_words(many, unbuffered):
    process = subprocess.Popen(
        [*COMMAND, many],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_interrupt_ends_quietly_with_a_whole_line(many, unbuffered):
    process = subprocess.Popen(
        [*COMMAND, many],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        bufsize=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    # More is to come than the pipe holds, so the command is still at work.
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert errors.strip() == b"Aborted!"
    assert output.endswith(b"}\n")


def test_progress_is_shown_on_a_terminal(many):
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, (24, 80))
    with os.fdopen(leader, "rb", buffering=0) as terminal:
        process = subprocess.Popen(
            [*COMMAND, many], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=follower
        )
        os.close(follower)
        shown = b""
        while b"%" not in shown:
            shown += terminal.read(64)
        process.kill()
        process.wait()
    assert shown.lstrip().startswith(b"0%")
