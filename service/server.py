"""Running the application under granian; what comes in through it is `service.gateway`'s."""

import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from service.errors import ListenError
from service.gateway import Gateway
from service.logs import log_config
from service.settings import Settings
from service.too_late import too_late

_STOP_TIMEOUT_S = 30
_LOOK_S = 0.01
_PR_SET_PDEATHSIG = 1
# M_TRIM_THRESHOLD, M_MMAP_THRESHOLD and M_ARENA_MAX of glibc.
_MALLOC = {-1: 1 << 20, -3: 1 << 18, -8: 2}
_STOPS = {signal.SIGTERM, signal.SIGINT}


class _Server(MPServer):
    """Waits for workers that are ending until they have ended.

    On a busy machine granian 2.8 takes one that has closed everything, but cannot be collected
    yet, for one that refuses to stop, and says that it kills it.
    """

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            worker.terminate()
        end = time.monotonic() + _STOP_TIMEOUT_S
        while time.monotonic() < end and any(worker.is_alive() for worker in self.wrks):
            time.sleep(_LOOK_S)
        super()._stop_workers()  # type: ignore[no-untyped-call] # granian has none inside


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
        interface=Interfaces.RSGI,
        workers=settings.workers,
        respawn_failed_workers=True,
        workers_kill_timeout=_STOP_TIMEOUT_S,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=log_config(settings),
    )
    server.on_startup(on_listening)
    _hold_signals_while_workers_start()
    parent = os.getpid()

    gateway = Gateway(
        app,
        max_body_bytes=settings.max_body_bytes,
        timeout_s=settings.request_timeout_s,
        at_once=getattr(app.wsgi_app, "at_once", lambda environ: None),
        too_late=too_late(app),
    )

    _give_memory_back()

    def load() -> Any:  # noqa: ANN401 - granian knows RSGI objects, its types do not
        _die_with(parent)
        return gateway

    server.serve(target_loader=load, wrap_loader=False)


def _give_memory_back() -> None:
    """Free what reading the model and the modules took for a moment, before workers inherit it.

    And let them give back what large batches took: of itself glibc keeps ever larger blocks, and
    for each thread its own.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    for option, value in _MALLOC.items():
        libc.mallopt(option, value)
    gc.collect()
    libc.malloc_trim(0)


def _hold_signals_while_workers_start() -> None:
    """Let no worker be forked without its signals held; `Gateway` lets them through again.

    granian 2.8 forgets a signal that reaches a worker before it has set its handlers, and then
    waits for that worker until the time-out.
    """
    os.register_at_fork(
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPS),
    )


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
