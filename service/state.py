"""What a running application holds: database, scorer and policy, built at its start."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app
from sqlalchemy import Engine

from service.judge import Judge
from service.policies import JudgeInForce
from service.settings import Settings

if TYPE_CHECKING:
    from service.metrics import Metrics

EXTENSION = "ghirbal"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The parts that views work with."""

    engine: Engine
    in_force: JudgeInForce
    settings: Settings
    metrics: "Metrics"

    @property
    def judge(self) -> Judge:
        """The scorer with the policy in force now."""
        return self.in_force.get()


def service_state() -> ServiceState:
    """Return the parts of the application that serves the request."""
    return service_state_of(current_app)


def service_state_of(app: Flask) -> ServiceState:
    """Return the parts of an application."""
    return cast(ServiceState, app.extensions[EXTENSION])
