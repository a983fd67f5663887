"""``ghirbal serve``: the service on a production server."""

import shlex
from pathlib import Path

import click

from service.metrics_folder import shared_metrics
from service.options import config_option
from service.settings import Settings, load_settings

FIRST_NAME = "admin"
_MODERATORS = "ghirbal moderators add | set-password | list"
_BODY = '{"text": "انت حمار ومش بتفهم"}'


@click.command()
@click.option("--host", help="Address to listen on  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on  [default: 8000]")
@click.option("--workers", type=int, help="Worker processes  [default: 1]")
@click.option(
    "--demo-key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File that holds a key for trying the service out; made if there is none.",
)
@click.option(
    "--samples",
    is_flag=True,
    help="Put invented comments into an empty database, and make a first account if there is none.",
)
@config_option
def serve(
    *, demo_key: Path | None, samples: bool, config: Path | None, **listen: str | int | None
) -> None:
    """Serve the API until stopped; the database is made or brought up to date first."""
    settings = load_settings(listen, file=config)
    with shared_metrics():
        _serve(settings, demo_key, samples=samples)


def _serve(settings: Settings, demo_key: Path | None, *, samples: bool) -> None:
    # Imported late, so that a bad setting is told at once; prometheus_client also has to find
    # the folder that its processes share.
    from service.app import build_app
    from service.author_ids import hash_ids
    from service.checkpoint import checkpoint
    from service.database import open_engine, upgrade_apart
    from service.demo import ensure_demo_key
    from service.first_minute import prepare
    from service.logs import configure_logs
    from service.server import check_free, run
    from service.state import service_state_of

    configure_logs(settings)
    check_free(settings.host, settings.port)
    engine = hash_ids(open_engine(settings.database_url), settings.author_id_secret)
    upgrade_apart(engine, settings.database_url)
    if demo_key is not None:
        ensure_demo_key(engine, demo_key)
    app = build_app(settings)
    password = prepare(engine, service_state_of(app).judge) if samples else None
    # No connection may be open when workers are forked: two processes would share it.
    engine.dispose()
    service_state_of(app).engine.dispose()
    try:
        run(app, settings, on_listening=lambda: _announce(settings, demo_key, password=password))
    finally:
        # Workers end without closing what they have open, as all forked processes of
        # multiprocessing do; so the last to look at the database is this one.
        checkpoint(engine)
        engine.dispose()


def _announce(settings: Settings, demo_key: Path | None, *, password: str | None) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    click.echo(f"Ghirbal listens on {url}\n")
    click.echo(f"Moderators sign in there; accounts: {_MODERATORS}\n")
    if password is not None:
        click.echo(f"The first account, shown this once:  name {FIRST_NAME}  password {password}\n")
    if demo_key is None:
        click.echo("Make a key: ghirbal keys add NAME --scope score --scope ingest")
        click.echo("Then try it, with the key in place of KEY:\n")
        key = "KEY"
    else:
        click.echo("Try it:\n")
        key = f"$(cat {shlex.quote(str(demo_key.absolute()))})"
    click.echo(f'  curl -s {url}/v1/score -H "Authorization: Bearer {key}" \\')
    click.echo(f"    -H 'Content-Type: application/json' -d '{_BODY}'\n")
