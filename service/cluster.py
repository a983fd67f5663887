"""A connection to a Dask cluster; the only module that imports dask."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.errors import InputError

_TIMEOUT_S = 5


@contextmanager
def connected(address: str) -> Iterator[None]:
    """Be joblib's client of the scheduler at `address`.

    Raises
    ------
    InputError
        If Dask is not installed, or nothing answers there.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError("--cluster needs Dask: pip install 'ghirbal[cluster]'") from error
    try:
        client = Client(address, timeout=_TIMEOUT_S)  # type: ignore[no-untyped-call] # as it is
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {address}: {error}") from error
    with client:
        if not client.scheduler_info()["workers"]:
            raise InputError(f"the scheduler at {address} has no workers: start one on each host")
        yield
