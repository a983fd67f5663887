"""setuptools, and a C compiler from its wheel where the machine has none."""

import os
import shutil
import sys
from importlib.util import find_spec
from typing import Any

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - the hooks that are not changed

_ZIG = "ziglang>=0.13"


def compiler() -> list[str] | None:
    """Return the command of a C compiler; None where there is none."""
    if os.environ.get("CC"):
        return os.environ["CC"].split()
    # Not on Windows, where `cc` may be anything.
    found = None if sys.platform == "win32" else shutil.which("cc") or shutil.which("gcc")
    if found:
        return [found]
    return [sys.executable, "-m", "ziglang", "cc"] if find_spec("ziglang") else None


def _also(requirements: list[str]) -> list[str]:
    return requirements if compiler() else [*requirements, _ZIG]


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:  # noqa: ANN401 - PEP 517
    """Return what building a wheel needs."""
    return _also(build_meta.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:  # noqa: ANN401
    """Return what an editable installation needs."""
    return _also(build_meta.get_requires_for_build_editable(config_settings))
