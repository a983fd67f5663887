"""Imports go one way: training --> moderation <-- service."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FORBIDDEN = {
    "moderation": {"training", "service", "flask", "sqlalchemy", "click"},
    "training": {"service", "flask"},
    "service": {"training", "sklearn"},
}


def imported_packages(source):
    """Yield (line, top-level package) of every import, those inside functions included."""
    for node in ast.walk(ast.parse(source)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "__import__",
            "import_module",
            "importlib.import_module",
        ):
            names = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
        for name in names:
            yield node.lineno, name.partition(".")[0]


def sources(package):
    return sorted((ROOT / package).rglob("*.py"))


def violations(package, forbidden):
    return [
        f"{path.relative_to(ROOT)}:{line} imports {name}"
        for path in sources(package)
        for line, name in imported_packages(path.read_text(encoding="utf-8"))
        if name in forbidden
    ]


@pytest.mark.parametrize("package", FORBIDDEN)
def test_package_keeps_to_its_direction(package):
    assert sources(package)
    assert violations(package, FORBIDDEN[package]) == []


@pytest.mark.parametrize(
    "source",
    [
        "import flask",
        "import flask.json as j",
        "from flask import Flask",
        "from flask.json import dumps",
        "def late():\n    from flask import Flask",
        "if TYPE_CHECKING:\n    import flask",
        "importlib.import_module('flask.json')",
        "__import__('flask')",
    ],
)
def test_every_kind_of_import_is_seen(source):
    assert "flask" in {name for _, name in imported_packages(source)}


def test_one_module_imports_pyarabic():
    importers = {
        str(path.relative_to(ROOT))
        for package in FORBIDDEN
        for path in sources(package)
        for _, name in imported_packages(path.read_text(encoding="utf-8"))
        if name == "pyarabic"
    }
    assert importers == {"moderation/alphabet_rules.py"}


def loaded_by(statements):
    """Return the top-level packages that a fresh interpreter holds after `statements`."""
    code = f"{statements}\nimport sys; print(*sys.modules, file=sys.stderr)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in process.stderr.split()}


def test_scoring_loads_no_framework():
    loaded = loaded_by(
        "from moderation import load_scorer\n"
        "scorer = load_scorer()\n"
        "text = 'انت حمار'\n"
        "(score,) = scorer.score([text], spans=True)\n"
        "scorer.default_policy().decide(text, score)"
    )
    assert "numpy" in loaded
    assert loaded & {"sklearn", "scipy", "joblib", "flask", "sqlalchemy", "click"} == set()


def test_score_command_loads_no_framework():
    loaded = loaded_by(
        "from service.cli import ghirbal\n"
        "ghirbal(['score', '--text', 'انت حمار'], standalone_mode=False)"
    )
    assert "click" in loaded
    assert loaded & {"sklearn", "scipy", "joblib", "flask", "sqlalchemy", "pydantic"} == set()
