"""``ghirbal serve``: the service on a production server."""

import shlex
from pathlib import Path

import click

from service.options import config_option
from service.settings import Settings, load_settings

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
@config_option
def serve(*, demo_key: Path | None, config: Path | None, **listen: str | int | None) -> None:
    """Serve the API until stopped; the database is made or brought up to date first."""
    settings = load_settings(listen, file=config)
    # Imported late, so that a bad setting is told at once.
    from service.app import build_app
    from service.database import open_engine, upgrade
    from service.demo import ensure_demo_key
    from service.server import check_free, run

    check_free(settings.host, settings.port)
    engine = open_engine(settings.database_url)
    upgrade(engine)
    if demo_key is not None:
        ensure_demo_key(engine, demo_key)
    # No connection may be open when workers are forked: two processes would share it.
    engine.dispose()
    app = build_app(settings)
    run(app, settings, on_listening=lambda: _announce(settings, demo_key))


def _announce(settings: Settings, demo_key: Path | None) -> None:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{host}:{settings.port}"
    click.echo(f"Ghirbal listens on {url}\n")
    if demo_key is None:
        click.echo("Make a key: ghirbal keys add NAME --scope score --scope ingest")
        click.echo("Then try it, with the key in place of KEY:\n")
        key = "KEY"
    else:
        click.echo("Try it:\n")
        key = f"$(cat {shlex.quote(str(demo_key.absolute()))})"
    click.echo(f'  curl -s {url}/v1/score -H "Authorization: Bearer {key}" \\')
    click.echo(f"    -H 'Content-Type: application/json' -d '{_BODY}'\n")
