"""``ghirbal worker``: sends the outbox, seals the audit, keeps to retention, until told to stop."""

import logging
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from service.checkpoint import checkpoint
from service.database import writing
from service.delivery import DEADLINE_S, send
from service.outbox import Letter, forget_delivered, lease, settle
from service.retention import Retention, remove_due
from service.seals import seal

# One receiver that hangs holds up no more than these.
PER_WEBHOOK = 4
_THREADS = 16
_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_TIDY_S = 3_600.0
_SEAL_S = 60.0
_REMOVE_S = 86_400.0
_EMPTY_S = 3_600.0
_TRY_AGAIN_S = 60.0
_log = logging.getLogger("service.worker")


@dataclass(slots=True)
class Worker:
    """Sends events from the outbox, several at once, those about one comment one by one.

    Parameters
    ----------
    engine : Engine
        Of the database.
    private : bool
        Whether events may go to addresses of the own network.
    deadline_s : float
        For each delivery.
    retention : Retention
        What is removed, once a day.
    stopped : Event
        Set when the work is to end.
    """

    engine: Engine
    private: bool = False
    deadline_s: float = DEADLINE_S
    retention: Retention = field(default_factory=Retention)
    stopped: threading.Event = field(default_factory=threading.Event)
    _busy: Counter[int] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _tidied_at: float = float("-inf")
    _sealed_at: float = float("-inf")
    _removed_at: float = float("-inf")
    _emptied_at: float = float("-inf")

    def stop(self) -> None:
        """End the work when what is under way has been settled."""
        self.stopped.set()

    def run(self) -> None:
        """Work until stopped; a database that is gone is waited for."""
        pause = _PAUSE_S
        with ThreadPoolExecutor(_THREADS) as pool:
            while not self.stopped.is_set():
                try:
                    found = self._round(pool)
                    pause = _PAUSE_S
                except SQLAlchemyError as error:
                    _log.error("database: %s", getattr(error, "orig", None) or error)
                    found, pause = 0, min(pause * 2, _LONGEST_PAUSE_S)
                if not found:
                    self.stopped.wait(pause)

    def run_once(self) -> int:
        """Send what is due now, with what follows on it, and return how many were tried."""
        tried = 0
        with ThreadPoolExecutor(_THREADS) as pool:
            while True:
                # Before the round: what ends meanwhile may have let another event go.
                idle = not self._busy.total()
                found = self._round(pool)
                tried += found
                if not found and idle:
                    return tried
                if not found:
                    time.sleep(0.01)

    def _round(self, pool: ThreadPoolExecutor) -> int:
        full = [number for number, busy in self._busy.items() if busy >= PER_WEBHOOK]
        room = _THREADS - self._busy.total()
        if room <= 0:
            return 0
        # Neither this nor that an event arrived is waited for on the disk: after a power cut it is
        # sent again, as after any other failure.
        with writing(self.engine, brief=True) as connection:
            letters = lease(connection, limit=min(room, PER_WEBHOOK), but=full)
            if time.monotonic() - self._tidied_at > _TIDY_S:
                forget_delivered(connection)
                self._tidied_at = time.monotonic()
        if time.monotonic() - self._sealed_at > _SEAL_S and not seal(self.engine):
            self._sealed_at = time.monotonic()
        if time.monotonic() - self._emptied_at > _EMPTY_S:
            done = checkpoint(self.engine)
            self._emptied_at = time.monotonic() - (0 if done else _EMPTY_S - _TRY_AGAIN_S)
        if time.monotonic() - self._removed_at > _REMOVE_S:
            self._removed_at = time.monotonic()
            # Beside the events: the first time it may take long.
            pool.submit(self._remove).add_done_callback(self._note_removal)
        for letter in letters:
            self._count(letter, 1)
            pool.submit(self._deliver, letter).add_done_callback(_note_failure)
        return len(letters)

    def _remove(self) -> None:
        remove_due(
            self.engine,
            self.retention,
            datetime.now(UTC),
            go_on=lambda: not self.stopped.is_set(),
        )

    def _note_removal(self, done: Future[None]) -> None:
        # Whatever it is: else texts would be kept for good and nobody told.
        error = done.exception()
        if error is not None:
            _log.error("retention: %s", getattr(error, "orig", None) or repr(error))
            self._removed_at += _TRY_AGAIN_S - _REMOVE_S

    def _deliver(self, letter: Letter) -> None:
        try:
            problem = send(letter, private=self.private, deadline_s=self.deadline_s)
            if problem is not None:
                _log.warning("event %s to webhook %s: %s", letter.key, letter.webhook_id, problem)
            with writing(self.engine, brief=True) as connection:
                settle(connection, letter, problem)
        finally:
            self._count(letter, -1)

    def _count(self, letter: Letter, number: int) -> None:
        with self._lock:
            self._busy[letter.webhook_id] += number


def _note_failure(done: Future[None]) -> None:
    # The lease runs out and the event is sent again: at least once, not exactly once.
    error = done.exception()
    if error is not None:
        _log.error("event not settled: %s", getattr(error, "orig", None) or error)
