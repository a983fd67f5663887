"""Builds the compiled path of `moderation`: plain C, without a word of Python in it."""

import hashlib
import logging
import platform
import subprocess
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

from build_backend import compiler

NATIVE = Path("moderation") / "native"
FLAGS = ["-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"]
# To widen small integers eight at a time and to count bits: every such processor since 2011 can.
if platform.machine() in {"x86_64", "AMD64"}:
    FLAGS.append("-msse4.2")


def sources_digest() -> str:
    """Return what moderation/library.py knows the library by."""
    digest = hashlib.sha256()
    for path in sorted(NATIVE.glob("*.[ch]")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _compile(arguments: list[str]) -> bool:
    try:
        subprocess.run([*(compiler() or ["cc"]), *arguments], check=True)  # noqa: S603 - the compiler that was just looked up
    except (OSError, subprocess.CalledProcessError) as error:
        logging.getLogger("ghirbal").warning("compiler: %s", error)
        return False
    return True


class BuildNative(build_ext):
    """Compile all sources into one library, or go without it: NumPy does the same, slower."""

    def get_ext_filename(self, fullname: str) -> str:
        """Return the library's place; it depends on no version of Python."""
        return str(Path(*fullname.split("."))) + ".so"

    def build_extension(self, ext: Extension) -> None:
        """Compile with whatever compiler there is."""
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = f'-DGHIRBAL_SOURCES="{sources_digest()}"'
        rest = [*FLAGS, digest, "-o", str(target), *ext.sources, "-lm"]
        # All files as one take up to a tenth less time; not every linker can do it.
        if not any(_compile([*extra, *rest]) for extra in (["-flto"], [])):
            logging.getLogger("ghirbal").warning("no compiled path, only NumPy's")


class PlatformWheel(bdist_wheel):
    """A wheel for one platform and any Python."""

    def get_tag(self) -> tuple[str, str, str]:
        """Return the tag of the library, which calls no Python."""
        return "py3", "none", super().get_tag()[2]


setup(
    ext_modules=[
        Extension("moderation._native", [str(path) for path in sorted(NATIVE.glob("*.c"))])
    ],
    cmdclass={"build_ext": BuildNative, "bdist_wheel": PlatformWheel},
)
