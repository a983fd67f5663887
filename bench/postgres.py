"""A PostgreSQL server of our own for a measurement, as durable as one in service."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Start a server on a socket of its own and yield the address of its database.

    The data lie in `folder`; a server that stood there before goes on with what it had.
    """
    found = shutil.which("initdb")
    programs = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        raise SystemExit("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    # PostgreSQL refuses to run as root.
    user = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    folder = folder.resolve()
    data = folder / "data"

    def run(program: str, *arguments: str) -> None:
        command = [str(programs[-1] / program), "-D", str(data), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)  # noqa: S603

    if not data.exists():
        run("initdb", "-U", "ghirbal", "-A", "trust", "-E", "UTF8", "--locale=C")
    options = (
        f"-k {folder} -c listen_addresses='' -c shared_buffers=1GB -c max_wal_size=4GB"
        " -c random_page_cost=1.1"
    )
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://ghirbal@/postgres?host={folder}"
    finally:
        run("pg_ctl", "-m", "fast", "stop")
