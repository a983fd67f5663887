"""`ghirbal-train fetch`: what `training.fetch` does, told to a person at a terminal."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import click
from tqdm import tqdm

from training.fetch import BASE_URL, Status, fetch
from training.sources import SOURCES_PATH, Corpus, SourcesError, load_sources


@click.command("fetch")
@click.option(
    "--corpus",
    "names",
    metavar="NAME",
    multiple=True,
    help="Only this corpus; may be given more than once. Default: all.",
)
@click.option(
    "--to",
    metavar="DIR",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the files: DIR/<corpus>/<path in its repository>.",
)
@click.option(
    "--base-url", metavar="URL", default=BASE_URL, show_default=True, help="A mirror of the files."
)
@click.option(
    "--sources",
    metavar="FILE",
    default=SOURCES_PATH,
    type=click.Path(dir_okay=False, path_type=Path),
    help="List of the corpora. Default: data/sources.toml of this clone.",
)
def fetch_command(names: tuple[str, ...], to: Path, base_url: str, sources: Path) -> None:
    """Download the original files of the corpora and verify them.

    Each file is checked against the size and the sha256 in data/sources.toml. Files that are there
    and right are skipped, so the command can be run again after a failure. Mind the licences in
    data/sources.toml: most corpora state none.
    """
    address = urlsplit(base_url)
    if address.scheme not in ("http", "https") or not address.netloc:
        raise click.BadParameter(f"{base_url} is not an http or https URL", param_hint="--base-url")
    try:
        corpora = _choose(load_sources(sources), names)
    except SourcesError as error:
        raise click.ClickException(str(error)) from error
    counts = _run(corpora, to, base_url)
    click.echo(
        f"{counts[Status.FETCHED]} fetched, {counts[Status.PRESENT]} already there, "
        f"{counts[Status.FAILED]} failed; in {to}"
    )
    if counts[Status.FAILED]:
        raise click.ClickException("not all files are there; run the command again to go on")


def _choose(corpora: Sequence[Corpus], names: Sequence[str]) -> list[Corpus]:
    known = {corpus.name for corpus in corpora}
    for name in names:
        if name not in known:
            raise SourcesError(f"there is no corpus {name}; there are: {', '.join(sorted(known))}")
    return [corpus for corpus in corpora if not names or corpus.name in names]


def _run(corpora: Sequence[Corpus], to: Path, base_url: str) -> Counter[Status]:
    counts: Counter[Status] = Counter()
    size_bytes = sum(original.size_bytes for corpus in corpora for original in corpus.files)
    # disable=None: no bar where standard error is not a terminal.
    with tqdm(total=size_bytes, unit="B", unit_scale=True, disable=None) as bar:
        for outcome in fetch(corpora, to, base_url=base_url):
            counts[outcome.status] += 1
            bar.update(outcome.original.size_bytes)
            if outcome.status is Status.FAILED:
                with tqdm.external_write_mode():
                    click.echo(f"{outcome.corpus}: {outcome.problem}", err=True)
    return counts
