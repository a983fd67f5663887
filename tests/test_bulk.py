"""Archives: compressed, as tables, on several cores, on a cluster, killed and gone on with."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from copy import copy
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from moderation import ModelError, Policy, load_scorer
from service import bulk, score_command
from service.bulk import Task, model_of, score_part
from service.bulk_input import Part, Place, cut, guess_format
from service.bulk_journal import Journal
from service.cli import ghirbal
from service.comment_lines import MAX_LINE_BYTES, CommentLine
from service.judge import Judge

ROOT = Path(__file__).parent.parent
COMMAND = [sys.executable, "-m", "service.cli", "score"]
CLEAN = "شكرا للكاتب على هذا المقال المفيد"
RUDE = "انت حمار ومش بتفهم"
MANY = 40_000  # enough for a run that lasts for a while


def score(*options, data=None):
    return CliRunner().invoke(ghirbal, ["score", *map(str, options)], input=data)


def json_lines(count, start=0):
    rows = ({"id": i, "text": f"{CLEAN if i % 9 else RUDE} {i}"} for i in range(start, count))
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def ids(path):
    data = path.read_bytes()
    lines = (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines()
    return [json.loads(line)["id"] for line in lines]


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "archive.jsonl"
    path.write_text(json_lines(MANY), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.jsonl", "jsonl"),
        ("a.csv", "csv"),
        ("a.CSV.gz", "csv"),
        ("a.parquet", "parquet"),
        ("<stdin>", "jsonl"),
        ("0", "jsonl"),
    ],
)
def test_format_is_told_by_the_name(name, expected):
    assert guess_format(name) == expected


def test_gzip_is_seen_by_its_first_bytes(tmp_path):
    path = tmp_path / "comments"
    path.write_bytes(gzip.compress(json_lines(3).encode()))
    run = score(path)
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == [0, 1, 2]


def test_gzip_is_seen_on_standard_input():
    data = gzip.compress(json_lines(3).encode())
    run = subprocess.run(COMMAND, cwd=ROOT, input=data, capture_output=True, check=True)
    assert len(run.stdout.splitlines()) == 3


def test_csv_is_read_by_the_name_of_its_file(tmp_path):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(f"text,id\n{RUDE},7\n".encode()))
    assert json.loads(score(path).stdout)["id"] == "7"


def test_parquet_gives_the_columns_id_and_text(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "in.parquet"
    table = {"id": [1, 2, 3], "author": ["a", "b", "c"], "text": [RUDE, None, CLEAN]}
    parquet.write_table(pyarrow.table(table), path)
    run = score(path)
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == [1, 3]
    assert run.stderr == "line 2: no text\n"
    assert run.exit_code == 1


@pytest.mark.parametrize("names", [["text", "text"], ["id", "text", "id"], ["id"]])
def test_parquet_must_have_one_column_of_a_name(tmp_path, names):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "in.parquet"
    columns = [pyarrow.array([CLEAN])] * len(names)
    parquet.write_table(pyarrow.Table.from_arrays(columns, names=names), path)
    run = score(path)
    assert run.exit_code == 1
    assert run.stderr.startswith("Error: a Parquet file must have one column `text`")


def test_what_is_no_parquet_is_refused(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "in.parquet"
    path.write_text("nonsense")
    run = score(path)
    assert run.exit_code == 1
    assert run.stderr.startswith(f"Error: {path} is not a Parquet file: ")


def test_what_a_damaged_parquet_file_holds_before_is_scored(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "in.parquet"
    table = pyarrow.table({"text": [f"{CLEAN} {n}" for n in range(4_000)]})
    parquet.write_table(table, path, row_group_size=2_000, use_dictionary=False)
    where = parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    data = bytearray(path.read_bytes())
    data[where : where + 40] = b"\xff" * 40
    path.write_bytes(data)
    run = score(path)
    assert (run.exit_code, len(run.stdout.splitlines())) == (1, 2_000)
    assert run.stderr.startswith(f"Error: {path} is damaged: ")


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("count", [3, 30_000])
@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_what_comes_before_a_damage_is_scored(tmp_path, suffix, count, jobs):
    rows = [json.loads(line) for line in json_lines(count).splitlines()]
    records = "".join(f"{row['id']},{row['text']}\n" for row in rows)
    data = gzip.compress((f"id,text\n{records}" if suffix == "csv" else json_lines(count)).encode())
    path, output = tmp_path / f"in.{suffix}.gz", tmp_path / "out.jsonl"
    path.write_bytes(data + data[:12])
    run = score(path, "--output", output, "--jobs", jobs)
    assert run.exit_code == 1
    assert list(map(int, ids(output))) == list(range(count))
    assert run.stderr.splitlines()[-1].startswith(f"Error: {path} is damaged: ")


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        pytest.param(lambda data: data[:-8], "ended before the end-of-stream", id="cut-short"),
        pytest.param(lambda data: data[:12], "ended before the end-of-stream", id="nearly-nothing"),
        pytest.param(lambda data: data[:-8] + b"\0" * 8, "CRC check failed", id="checksum"),
        pytest.param(lambda data: data[:10] + b"\xff" * 40, "Error -3", id="nonsense"),
        pytest.param(lambda data: data + b"more", "Not a gzipped file", id="trailing"),
    ],
)
@pytest.mark.parametrize("name", ["in.jsonl.gz", "in.csv.gz"])
def test_damaged_gzip_is_named_with_the_reason(tmp_path, name, damaged, reason):
    path = tmp_path / name
    path.write_bytes(damaged(gzip.compress(b'id,text\n"{""text"": ""a""}",b\n')))
    run = score(path)
    assert run.exit_code == 1
    assert run.stderr.splitlines()[-1].startswith(f"Error: {path} is damaged: ")
    assert reason in run.stderr


def test_half_a_record_before_a_damage_is_not_scored(tmp_path):
    path = tmp_path / "in.csv.gz"
    path.write_bytes(gzip.compress(f"id,text\n1,{CLEAN}\n2,{RUDE[:6]}".encode())[:-8])
    run = score(path)
    assert [json.loads(line)["id"] for line in run.stdout.splitlines()] == ["1"]
    assert run.exit_code == 1


def test_output_named_gz_is_compressed(tmp_path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl.gz"
    source.write_text(json_lines(5_000), encoding="utf-8")
    assert score(source, "--output", target).exit_code == 0
    assert ids(target) == list(range(5_000))


@pytest.mark.parametrize("lists", ["", '[lists]\nsuspect = ["المقال"]\n'])
def test_an_archive_is_judged_as_single_comments_are(tmp_path, lists):
    policy = tmp_path / "policy.toml"
    cuts = "[thresholds.insult]\nreview_at = 0.3\n[thresholds.threat]\nreview_at = 0.01\n"
    policy.write_text(f'version = "desk"\n{lists}{cuts}', encoding="utf-8")
    texts = [CLEAN, RUDE, "سأقتلك", "😀", "ya 7mar", f"{CLEAN} {RUDE}", "لا"]
    data = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    found = [json.loads(line) for line in score("--policy", policy, data=data).stdout.splitlines()]
    judge = Judge(load_scorer(), Policy.load(policy))
    expected = [{"id": None, **judge.judge([text])[0].to_document()} for text in texts]
    assert found == expected
    assert {each["action"] for each in found} >= {"approve", "review"}


def test_several_processes_write_what_one_writes(archive, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert score(archive, "--jobs", 1, "--output", one).exit_code == 0
    assert score(archive, "--jobs", 2, "--output", two).exit_code == 0
    assert one.read_bytes() == two.read_bytes()
    assert ids(one) == list(range(MANY))


def test_line_numbers_go_on_from_part_to_part(archive):
    with archive.open("ab") as file:
        file.write(b'{"id": 1, "text": "' + b"a" * (3 * MAX_LINE_BYTES) + b'"}\nnonsense\n')
        file.write(b'{"id": 2, "text": "a"}')
    with archive.open("rb") as file:
        *_, last = parts = list(cut(file, "jsonl", after=Place()))
    lines = [line for part in parts for line in part.comments()]
    assert [line.number for line in lines if line.problem] == [MANY + 1, MANY + 2]
    assert lines[-1] == (MANY + 3, 2, "a", "")
    assert last.end.unit == archive.stat().st_size
    assert max(len(part.lines) for part in parts) < 2 * MAX_LINE_BYTES


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "jsonl.gz", "csv.gz"])
def test_parts_go_on_from_any_place(tmp_path, suffix):
    data = json_lines(12_000)
    if "csv" in suffix:
        rows = map(json.loads, data.splitlines())
        data = "id,text\n" + "".join(f'{row["id"]},"{row["text"]},\nx"\n' for row in rows)
    path = tmp_path / f"in.{suffix}"
    path.write_bytes(gzip.compress(data.encode()) if "gz" in suffix else data.encode())
    with path.open("rb") as file:
        parts = list(cut(file, guess_format(path.name), after=Place()))
    assert len(parts) > 2
    with path.open("rb") as file:
        rest = list(cut(file, guess_format(path.name), after=parts[0].end))
    assert [list(part.comments()) for part in rest] == [list(p.comments()) for p in parts[1:]]
    assert [part.end for part in rest] == [part.end for part in parts[1:]]


@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_parts_go_on_behind_a_quote_left_open(tmp_path, suffix):
    path = tmp_path / f"in.{suffix}"
    data = b'id,text\n1,"a\n' + b"".join(b"%d,b\n" % n for n in range(2, 5_000))
    path.write_bytes(gzip.compress(data) if "gz" in suffix else data)
    with path.open("rb") as file:
        first, *others = cut(file, "csv", after=Place())
    assert sum(not line.problem for part in (first, *others) for line in part.comments()) == 4_998
    with path.open("rb") as file:
        rest = list(cut(file, "csv", after=first.end))
    assert [list(part.comments()) for part in rest] == [list(p.comments()) for p in others]


@pytest.mark.parametrize("lines", [b'{"text": "a"}\n', [], [CommentLine(3, "x", "غبي", "")] * 2])
def test_a_part_arrives_in_another_process_as_it_was(lines):
    part = Part(lines, 3, Place(70, 4))
    assert copy(part) == part  # by the same steps as pickle


def started(*options):
    return subprocess.Popen([*COMMAND, *map(str, options)], cwd=ROOT, stderr=subprocess.PIPE)


def kill_on_the_way(process, progress, rounds=1):
    """Kill a run when its note is there, and has changed some times."""
    deadline, seen = time.monotonic() + 60, set()
    while len(seen) < rounds and process.poll() is None and time.monotonic() < deadline:
        if progress.exists():
            seen.add(progress.stat().st_mtime_ns)
        time.sleep(0.01)
    process.kill()
    process.stderr.close()
    process.wait()


@pytest.mark.parametrize("target", ["out.jsonl", "out.jsonl.gz"])
def test_a_killed_run_goes_on_without_a_lost_or_doubled_row(tmp_path, target):
    source, output = tmp_path / "in.jsonl.gz", tmp_path / target
    source.write_bytes(gzip.compress(json_lines(3 * MANY).encode(), 1))
    progress = output.with_name(f"{target}.progress")
    kill_on_the_way(started(source, "--output", output), progress)
    kill_on_the_way(
        started(source, "--output", output, "--resume", "--jobs", 1), progress, rounds=2
    )
    assert progress.exists(), "the runs were over before they were killed"
    process = started(source, "--output", output, "--resume")
    assert (process.communicate()[1], process.returncode) == (b"", 0)
    assert ids(output) == list(range(3 * MANY))
    assert not progress.exists()


def test_a_run_on_standard_input_goes_on(tmp_path, monkeypatch):
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(json_lines(10_000), encoding="utf-8")
    note = Journal.write

    def note_and_stop(journal, progress):
        note(journal, progress)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(score_command, "_NOTE_EVERY_S", 0)
        patch.setattr(Journal, "write", note_and_stop)
        assert score("--output", output, data=source.read_bytes()).exit_code == 1
    assert 0 < len(ids(output)) < 10_000
    with source.open("rb") as file:
        command = [*COMMAND, "--output", output, "--resume"]
        subprocess.run(command, cwd=ROOT, stdin=file, check=True)
    assert ids(output) == list(range(10_000))


def test_resuming_needs_the_same_arguments(archive, tmp_path):
    output = tmp_path / "out.jsonl"
    progress = tmp_path / "out.jsonl.progress"
    assert "nothing to resume" in score(archive, "--output", output, "--resume").stderr
    kill_on_the_way(started(archive, "--output", output), progress)
    if not progress.exists():
        pytest.skip("the machine was too fast for a run to be killed")
    run = score(archive, "--output", output, "--resume", "--no-spans")
    assert run.exit_code == 1
    assert "spans differs" in run.stderr
    with archive.open("a", encoding="utf-8") as file:
        file.write(json_lines(MANY + 1, start=MANY))
    assert "input bytes differs" in score(archive, "--output", output, "--resume").stderr


def test_resuming_without_an_output_is_wrong_use():
    run = score("--resume", data=b"")
    assert run.exit_code == 2
    assert "--resume needs --output" in run.stderr


def test_interrupt_ends_all_processes_quietly(tmp_path):
    source = tmp_path / "in.jsonl"
    source.write_text(json_lines(4 * MANY), encoding="utf-8")
    process = subprocess.Popen(
        [*COMMAND, source, "--jobs", "2"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert b"Traceback" not in errors
    assert output.endswith(b"}\n")


def started_with_workers(folder):
    """Start a long run in two processes; return it and these."""
    source = folder / "in.jsonl"
    source.write_text(json_lines(8 * MANY), encoding="utf-8")
    process = started(source, "--output", folder / "out.jsonl", "--jobs", "2")
    deadline, workers = time.monotonic() + 60, []
    while len(workers) < 2 and process.poll() is None and time.monotonic() < deadline:
        workers = psutil.Process(process.pid).children()
        time.sleep(0.01)
    assert len(workers) == 2
    return process, workers


def test_processes_do_not_outlive_a_run_that_is_killed(tmp_path):
    process, workers = started_with_workers(tmp_path)
    process.kill()
    process.stderr.close()
    process.wait()
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_a_run_whose_process_was_killed_says_so(tmp_path):
    process, workers = started_with_workers(tmp_path)
    workers[0].kill()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert errors.startswith(b"Error: a process that scored was killed")
    assert psutil.wait_procs(workers, timeout=30)[1] == []


def test_processes_that_are_not_forked_do_the_same(archive, tmp_path, monkeypatch):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    monkeypatch.setattr(bulk, "_FORKS", False)
    assert score(archive, "--jobs", 1, "--output", one).exit_code == 0
    assert score(archive, "--jobs", 2, "--output", two).exit_code == 0
    assert one.read_bytes() == two.read_bytes()


def test_worker_with_another_model_says_so():
    path, _, weights = model_of(None)
    task = Task(path, "0" * len(weights), "", spans=False, gzipped=False)
    with pytest.raises(ModelError, match="this worker has another model"):
        score_part(Part(b"", 1, Place()), task)


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, processes of their own; yields the address and the workers."""
    pytest.importorskip("distributed")
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    scheduler_file = tmp_path / "scheduler.json"
    quiet = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    where = os.environ | {"PYTHONPATH": str(ROOT)}
    listen = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    processes = [
        subprocess.Popen([*dask, *listen, "--scheduler-file", scheduler_file], env=where, **quiet)
    ]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker"]
    bare = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    try:
        deadline = time.monotonic() + 60
        while not scheduler_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        address = json.loads(scheduler_file.read_text())["address"]
        processes += [
            subprocess.Popen([*worker, address, *bare], env=where, **quiet) for _ in range(2)
        ]
        wait_for_workers(address)
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def wait_for_workers(address):
    from distributed import Client

    with Client(address, timeout=60) as client:
        client.wait_for_workers(2, timeout=60)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_a_cluster_does_it_though_a_worker_is_killed(archive, tmp_path, cluster):
    address, workers = cluster
    expected, output = tmp_path / "expected.jsonl", tmp_path / "out.jsonl"
    assert score(archive, "--jobs", 1, "--output", expected).exit_code == 0
    process = started(archive, "--cluster", address, "--output", output)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (output.exists() and output.stat().st_size):
        time.sleep(0.01)
    workers[0].kill()
    assert process.poll() is None, "the run was over before the worker was killed"
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert output.read_bytes() == expected.read_bytes()


def test_a_cluster_that_does_not_answer_is_named():
    pytest.importorskip("distributed")
    run = subprocess.run(
        [*COMMAND, "--cluster", "tcp://127.0.0.1:9"], cwd=ROOT, input=b"", capture_output=True
    )
    assert run.returncode == 1
    assert b"no Dask scheduler answers at tcp://127.0.0.1:9" in run.stderr
    assert b"Traceback" not in run.stderr
