"""The command ``ghirbal``; a command's module is imported only when it runs."""

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click

# Imported late, because they differ by half a second: scoring needs no database, and keys need
# no model.
_COMMANDS = {
    "audit": "service.audit_command",
    "db": "service.db_command",
    "feedback": "service.feedback_command",
    "export": "service.export_command",
    "import": "service.import_command",
    "keys": "service.keys_command",
    "moderators": "service.moderators_command",
    "policy": "service.policy_command",
    "rescore": "service.rescore_command",
    "retention": "service.retention_command",
    "score": "service.score_command",
    "serve": "service.serve_command",
    "sites": "service.sites_command",
    "webhooks": "service.webhooks_command",
    "worker": "service.worker_command",
}


class _LateGroup(click.Group):
    """A group that imports a command when it is used, and shows errors without a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command `cmd_name`."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(
            import_module(_COMMANDS[cmd_name]), cmd_name.replace("import", "import_")
        )
        return command

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run a command; what is wrong with its input ends as one line and exit status 1."""
        try:
            result = super().invoke(ctx)
            # Else Python does it when it ends, where an error gets neither line nor status.
            sys.stdout.flush()
            return result
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except OSError as error:
            if error.errno == errno.EPIPE:
                # The reader has seen enough, as `head` does: click ends quietly.
                raise
            _let_go_of_output()
            where = error.filename or "the output"
            raise click.ClickException(f"{where}: {error.strerror or error}") from error
        except Exception as error:
            from moderation import ModerationError
            from service.errors import ServiceError

            if isinstance(error, ModerationError | ServiceError):
                raise click.ClickException(str(error)) from error
            raise


def _let_go_of_output() -> None:
    """Have Python not complain once more when it flushes standard output at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        from moderation import __version__

        click.echo(f"ghirbal {__version__}")
        ctx.exit()


@click.group(cls=_LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def ghirbal() -> None:
    """Moderate Arabic reader comments: scores, reasons and a review queue."""


def main() -> None:
    """Run the command line."""
    ghirbal(prog_name="ghirbal")


if __name__ == "__main__":
    main()
