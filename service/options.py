"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

F = TypeVar("F", bound=Callable[..., object])


def config_option(function: F) -> F:
    """Add ``--config`` to a command."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings file (TOML); GHIRBAL_CONFIG_FILE otherwise.",
    )(function)
