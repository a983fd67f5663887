"""The model folder: arrays and facts, checked before they are used, nothing executable."""

import hashlib
import json
import math
import operator
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from moderation.errors import ModelError, ModerationError
from moderation.experts import AT_ONCE, MOST_EXPERTS, Experts, judged_by
from moderation.features import FeatureSettings
from moderation.highlights import Highlighter
from moderation.policy import Policy
from moderation.second_look import GIVEN, MOST_UNITS, NO_NETWORKS, RETHOUGHT
from moderation.types import ATTRIBUTES
from moderation.typography import COUNTED

FORMAT: Final = 11
"""Number of the folder's layout; raised when an older reader would misread it."""
MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "weights.npz"
CARD: Final = "card.md"
_ARRAYS: Final = ("weights", "scales", "idf", "checks", "groups", "networks")
_EXPERTS: Final = tuple(field.name for field in fields(Experts))
MODELS: Final = Path(__file__).parent / "models"
_LISTS: Final = re.compile(r"\[([-+.\deE,\s]*)\]")  # of numbers, which stand on one line


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model in memory.

    Parameters
    ----------
    manifest : mapping
        What ``manifest.json`` holds.
    weights : ndarray of shape (n_buckets, n_attributes), int8
        Weight of a bucket's idf-weighted value, in units of `scales`.
    scales : ndarray of shape (n_attributes,), float32
        Size of one unit of weight.
    idf : ndarray of shape (n_buckets,), uint8
        Inverse document frequency, in units of `IDF_UNIT`; 0 for an empty bucket.
    checks : ndarray of shape (n_buckets,), uint8
        Which of the features that fall into a bucket it stands for: see `View.checks`.
    groups : ndarray of shape (n_names,), uint32
        Hashes of the names of groups, ascending: see `moderation.features.are_groups`.
    networks : ndarray of shape (n_networks, n_units, n_given + 2), float32
        Those of the second look: see `moderation.second_look.SecondLook`.
    experts : Experts
        Whom the second look asks, about the attributes of `moderation.second_look.RETHOUGHT`.
    """

    manifest: Mapping[str, Any]
    weights: NDArray[np.int8]
    scales: NDArray[np.float32]
    idf: NDArray[np.uint8]
    checks: NDArray[np.uint8]
    groups: NDArray[np.uint32]
    networks: NDArray[np.float32]
    experts: Experts

    @property
    def version(self) -> str:
        """The model's version."""
        return str(self.manifest["version"])

    @property
    def features(self) -> FeatureSettings:
        """What is hashed."""
        return FeatureSettings.from_document(self.manifest["features"])


IDF_UNIT: Final = np.float32(1 / 16)
"""Size of one unit of `Model.idf`."""


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def newest_model() -> Path:
    """Return the folder of the shipped model, the last one by name.

    Raises
    ------
    ModelError
        If the package holds none.
    """
    folders = sorted(path.parent for path in MODELS.glob(f"*/{MANIFEST}"))
    if not folders:
        raise ModelError(f"no model in {MODELS}: install the package again, or name a folder")
    return folders[-1]


def load_model(path: Path) -> Model:
    """Read a model folder and check it.

    Raises
    ------
    ModelError
        If a file is missing, altered, or of another format; the message names it.
    """
    manifest = _read_manifest(path / MANIFEST)
    for name, expected in manifest["files"].items():
        file = path / name
        if not file.is_file():
            raise ModelError(f"{file} is missing: restore the folder or fit again")
        found = sha256(file)
        if found != expected:
            raise ModelError(
                f"{file} is not the file that {MANIFEST} describes (expected sha256 {expected}, "
                f"found {found}): restore the folder or fit again"
            )
    try:
        # Opened here: NumPy 2.4 leaves the file open where it is no archive.
        with (path / WEIGHTS).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            experts = Experts(*(arrays[f"experts_{name}"] for name in _EXPERTS))
            model = Model(manifest, **{name: arrays[name] for name in _ARRAYS}, experts=experts)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path / WEIGHTS} cannot be read: {error}") from error
    _check_shapes(model, path)
    _check_experts(model, path)
    return model


def save_model(model: Model, path: Path) -> None:
    """Write a model folder; the manifest's checksums are filled in.

    The same model gives the same bytes: the archive carries no times.
    """
    path.mkdir(parents=True, exist_ok=True)
    arrays = {name: getattr(model, name) for name in _ARRAYS}
    arrays |= {f"experts_{name}": getattr(model.experts, name) for name in _EXPERTS}
    with zipfile.ZipFile(path / WEIGHTS, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    manifest = dict(model.manifest) | {"files": {WEIGHTS: sha256(path / WEIGHTS)}}
    text = json.dumps(manifest, ensure_ascii=False, indent=2, allow_nan=False)
    text = _LISTS.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    (path / MANIFEST).write_text(text + "\n", encoding="utf-8")


def _read_manifest(file: Path) -> dict[str, Any]:
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
        _check_layout(manifest)
        _check_figures(manifest)
    except FileNotFoundError as error:
        raise ModelError(f"{file} is missing: {file.parent} is not a model folder") from error
    except ModerationError as error:
        raise ModelError(f"{file}: {error}") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} is not a manifest: {error!r}") from error
    return dict(manifest)


def _check_layout(manifest: Mapping[str, Any]) -> None:
    if manifest["format"] != FORMAT:
        raise ModelError(
            f"format {manifest['format']}, this version of ghirbal reads {FORMAT}: "
            "fit again or install the version that wrote it"
        )
    if tuple(manifest["attributes"]) != ATTRIBUTES:
        raise ModelError(f"scores {manifest['attributes']}, expected {ATTRIBUTES}")
    files = dict(manifest["files"])
    if WEIGHTS not in files:
        raise ModelError(f"does not name {WEIGHTS} under files")
    for name in files:
        if Path(name).name != name:
            raise ModelError(f"names {name!r}, which is not a file of its folder")


def _check_figures(manifest: Mapping[str, Any]) -> None:
    """Refuse what would otherwise fail only when a comment is scored."""
    FeatureSettings.from_document(manifest["features"])
    Highlighter.from_document(manifest["highlights"])
    for name in ATTRIBUTES:
        slope, intercept = (manifest["calibration"][name][key] for key in ("slope", "intercept"))
        if not (0 < slope < math.inf and math.isfinite(intercept)):
            raise ModelError(f"the slope of {name} must be above 0, slope and intercept finite")
    Policy.from_document({"version": manifest["version"], "thresholds": manifest["thresholds"]})


def _check_shapes(model: Model, path: Path) -> None:
    buckets = 1 << model.features.bits
    expected: dict[str, tuple[DTypeLike, tuple[int, ...]]] = {
        "weights": (np.int8, (buckets, len(ATTRIBUTES))),
        "scales": (np.float32, (len(ATTRIBUTES),)),
        "idf": (np.uint8, (buckets,)),
        "checks": (np.uint8, (buckets,)),
        "groups": (np.uint32, (model.groups.size,)),
        "networks": (np.float32, _shape_of_networks(model)),
    }
    expected |= {
        f"experts.{name}": each for name, each in _shapes_of_experts(model.experts).items()
    }
    for name, (dtype, shape) in expected.items():
        array = operator.attrgetter(name)(model)
        if array.dtype != dtype or array.shape != shape:
            raise ModelError(
                f"{path / WEIGHTS}: {name} is {array.dtype}{array.shape}, "
                f"expected {np.dtype(dtype)}{shape}"
            )


def _shape_of_networks(model: Model) -> tuple[int, int, int]:
    """Return the shape that the networks should have: one for each attribute, or none."""
    shape = model.networks.shape
    units = min(shape[1], MOST_UNITS) if len(shape) == len(NO_NETWORKS.shape) else 0
    return (len(RETHOUGHT) if units else 0, units, len(GIVEN) + 2)


def _shapes_of_experts(experts: Experts) -> dict[str, tuple[DTypeLike, tuple[int, ...]]]:
    n_features, n_experts = experts.buckets.size, experts.attributes.size
    n_judges = n_experts + len(RETHOUGHT) if n_experts else 0
    columns = 1 + n_experts + n_judges if n_experts else 0
    return {
        "buckets": (np.uint32, (n_features,)),
        "weights": (np.int8, (n_features, columns + -columns % AT_ONCE)),
        "scales": (np.float32, (2, columns)),
        "attributes": (np.int32, (n_experts,)),
        "sums": (np.float32, (len(RETHOUGHT), 2)),
        "typing": (np.float32, (2 * len(COUNTED), 1 + n_experts if n_experts else 0)),
        "judges": (np.float32, (n_judges, judged_by(len(RETHOUGHT)))),
    }


def _check_experts(model: Model, path: Path) -> None:
    """Refuse experts that would speak about what there is not."""
    experts = model.experts
    limits = {
        "buckets": (experts.buckets, model.idf.size),
        "attributes": (experts.attributes, len(RETHOUGHT)),
    }
    for name, (array, limit) in limits.items():
        if array.size and not (array.min() >= 0 and array.max() < limit):
            raise ModelError(f"{path / WEIGHTS}: experts.{name} must be from 0 to {limit - 1}")
    if np.any(np.diff(experts.buckets.astype(np.int64)) <= 0):
        raise ModelError(f"{path / WEIGHTS}: experts.buckets must ascend")
    if experts.attributes.size > MOST_EXPERTS:
        raise ModelError(f"{path / WEIGHTS}: more than {MOST_EXPERTS} experts")
