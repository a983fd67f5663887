"""What a running application holds: database, scorer and policy, built once at its start."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app
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
    return service_state_of(current_app)


def service_state_of(app: Flask) -> ServiceState:
    """Return the parts of an application."""
    return cast(ServiceState, app.extensions[EXTENSION])
