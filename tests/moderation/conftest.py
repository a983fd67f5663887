"""A model fitted on the project's own examples, so that tests do not hang on the shipped one."""

from dataclasses import replace

import pytest

from moderation import ATTRIBUTES, Scorer
from moderation.features import FeatureSettings
from training.examples import read_seed
from training.fit import FitSettings
from training.pipeline import train


@pytest.fixture(scope="session")
def model():
    settings = FitSettings(features=FeatureSettings(bits=14))
    return train(read_seed(), settings, version="seed", n_jobs=1, toy=True)


@pytest.fixture(scope="session")
def scorer(model):
    return Scorer(model)


@pytest.fixture(scope="session")
def eager_scorer(model):
    """Return a scorer that explains each attribute of every comment."""
    thresholds = {name: {"review_at": 0.0} for name in ATTRIBUTES}
    manifest = dict(model.manifest) | {"thresholds": thresholds}
    return Scorer(replace(model, manifest=manifest))
