"""What the README shows runs as shown, and it leaves out no command, setting or address."""

import contextlib
import io
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from moderation import Policy
from service import create_app
from service.cli import ghirbal
from service.settings import Settings
from training.cli import main as ghirbal_train

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
# They make the very environment in which the tests run; `make` is tried before a release.
SETTING_UP = ("python3 -m venv ", ".venv/bin/pip ", "source ", "make ")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def examples():
    """Yield (command, output shown below it) in the order of the page."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


RUN = [example for example in examples() if not example[0].startswith(SETTING_UP)]


def rounded(text):
    """Return one JSON object per line, numbers as far as the README shows them."""
    return [
        json.loads(line, parse_float=lambda number: round(float(number), 2))
        for line in text.splitlines()
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The working directory of the examples, with a service and an archive in it."""
    path = tmp_path_factory.mktemp("readme")
    (path / "archive.csv").write_text("id,text\n1,شكرا للكاتب\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def port(folder):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    command = [BIN / "ghirbal", "serve", "--port", str(free), "--demo-key", "instance/demo-key"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == f"Ghirbal listens on http://127.0.0.1:{free}\n"
    yield free
    server.terminate()
    server.wait(timeout=30)
    server.stdout.close()


def test_first_comment_is_scored_within_forty_lines():
    end_of_output = README.index("```", README.index("```text") + 3)
    assert README[:end_of_output].count("\n") < 40


def test_python_example_prints_what_is_shown():
    (code,) = blocks("python")
    (shown,) = blocks("text")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, {})  # noqa: S102 - our own README
    assert printed.getvalue() == shown


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), RUN, ids=[command[:40] for command, _ in RUN])
def test_command_does_what_is_shown(folder, port, command, shown):
    program = shlex.split(command)[0]
    if program == "curl" and not shutil.which("curl"):
        pytest.skip("curl is not installed")
    process = subprocess.run(
        ["bash", "-c", command.replace("127.0.0.1:8000", f"127.0.0.1:{port}")],
        cwd=folder,
        env=os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stderr == ""
    if shown:
        assert rounded(process.stdout) == rounded(shown.replace("\n", ""))


def test_make_targets_shown_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)", README.replace("make curl", "")):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_policy_shown_is_one(tmp_path):
    (document,) = blocks("toml")
    policy = Policy.from_document(tomllib.loads(document))
    assert policy.version == "desk-2026-11"


def commands(group, path):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict([*commands(ghirbal, "ghirbal"), *commands(ghirbal_train, "ghirbal-train")])


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_help_and_stands_in_the_readme(name):
    assert f"`{name}`" in README
    command = COMMANDS[name]
    assert command.help
    for parameter in command.params:
        assert isinstance(parameter, click.Argument) or parameter.help, parameter.name


@pytest.mark.parametrize("name", Settings.model_fields)
def test_setting_stands_in_the_readme(name):
    assert f"`GHIRBAL_{name.upper()}`" in README
    assert f"`{name}`" in README


def test_every_address_stands_in_the_readme(tmp_path):
    app = create_app({"database_url": f"sqlite:///{tmp_path}/test.sqlite3"})
    addresses = {
        f"`{method} {re.sub('<.*?>', '{id}', rule.rule)}`"
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.endpoint != "static"
    }
    assert {address for address in addresses if address not in README} == set()
