"""Running the application under granian; the only module that imports it."""

import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from service.errors import ListenError
from service.logs import log_config
from service.settings import Settings

# Threads of a worker: one computes, the others wait for the disk or the database.
_THREADS = 4
_STOP_TIMEOUT_S = 30
_INSIST_S = 0.3
_PR_SET_PDEATHSIG = 1


class _Server(MPServer):
    """granian, insisting that its workers stop.

    granian 2.8 forgets a signal that reaches a worker while it starts; told once, such a worker
    would be waited for until the time-out.
    """

    def _stop_workers(self) -> None:
        stopped = threading.Event()

        def insist() -> None:
            while not stopped.wait(_INSIST_S):
                for worker in list(self.wrks):
                    worker.terminate()  # type: ignore[no-untyped-call] # granian's

        threading.Thread(target=insist, daemon=True).start()
        try:
            super()._stop_workers()  # type: ignore[no-untyped-call] # granian's
        finally:
            stopped.set()


def check_free(host: str, port: int) -> None:
    """Make sure that nobody listens at an address.

    granian's workers share a port by SO_REUSEPORT, and so would a second service, unnoticed.

    Raises
    ------
    ListenError
        If the address is taken or is not one of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ListenError(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "choose another with --host and --port"
        ) from error


def run(app: Flask, settings: Settings, *, on_listening: Callable[[], None]) -> None:
    """Serve `app` until SIGTERM or SIGINT; requests under way are answered first."""
    # Forked, workers share the model's memory and are ready at once.
    multiprocessing.set_start_method("fork", force=True)
    server = _Server(
        "service",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=_THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_TIMEOUT_S,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=log_config(settings),
    )
    server.on_startup(on_listening)
    parent = os.getpid()

    def load() -> Flask:
        _die_with(parent)
        return app

    server.serve(target_loader=load, wrap_loader=False)


def _die_with(parent: int) -> None:
    """End this worker when the main process is killed.

    granian 2.8 leaves its workers running and holding the port in that case, so that the
    service could not be started again.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
