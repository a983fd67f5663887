"""What a running application holds: database, scorer and policy, built once at its start."""

from dataclasses import dataclass
from typing import cast

from flask import current_app
from sqlalchemy import Engine

from service.judge import Judge

EXTENSION = "ghirbal"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The parts that views work with."""

    engine: Engine
    judge: Judge


def service_state() -> ServiceState:
    """Return the parts of the application that serves the request."""
    return cast(ServiceState, current_app.extensions[EXTENSION])
