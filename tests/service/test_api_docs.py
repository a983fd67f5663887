"""What docs/api.md shows is run."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from serving import Served

from service.database import open_engine, upgrade, writing
from service.keys import Scope, add_key

DOCS = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```(sh|python|js)\n(.*?)^```$", DOCS, flags=re.MULTILINE | re.DOTALL)
# What the interpreters print; the answers to curl are longer, and only looked into.
EXPECTED = [
    '"comment_empty"',
    "1 approve\n2 comment_empty\n",
    "1 approve\n2 comment_empty\n",
    '"TOXICITY"',
    "['ar'] PROBABILITY\n",
    "[ 'ar' ] PROBABILITY\n",
    "[False, True]\n",
]
PROGRAMS = {
    "sh": ["bash", "-c"],
    "python": [sys.executable, "-c"],
    "js": ["node", "--input-type=module", "-e"],
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('docs')}/ghirbal.sqlite3"
    engine = open_engine(url)
    upgrade(engine)
    with writing(engine) as connection:
        key = add_key(connection, "docs", [Scope.SCORE])
    engine.dispose()
    served = Served(url)
    served.start()
    yield served, key
    served.close()


@pytest.mark.parametrize(
    ("language", "code", "expected"),
    [(*example, shown) for example, shown in zip(EXAMPLES, EXPECTED, strict=True)],
    ids=[f"{language}-{number}" for number, (language, _) in enumerate(EXAMPLES)],
)
def test_example_prints_what_is_expected(served, language, code, expected):
    service, key = served
    program = PROGRAMS[language]
    if shutil.which(program[0]) is None or (language == "sh" and shutil.which("curl") is None):
        pytest.skip(f"{program[0]} or curl is not installed")
    if "googleapiclient" in code:
        pytest.importorskip("googleapiclient", reason="Google's client is not installed")
    if "openai" in code:
        pytest.importorskip("openai", reason="OpenAI's client is not installed")
    code = code.replace("127.0.0.1:8000", f"127.0.0.1:{service.port}").replace("KEY", key)
    process = subprocess.run([*program, code], capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    assert expected in process.stdout
