import io
import json
import re
import shutil

import numpy as np
import pytest

from moderation import ATTRIBUTES, ModelError, Scorer, load_scorer
from moderation import model as model_module
from moderation.experts import judged_by
from moderation.model import (
    MANIFEST,
    WEIGHTS,
    Model,
    load_model,
    newest_model,
    save_model,
    sha256,
)
from moderation.second_look import GIVEN, RETHOUGHT
from moderation.typography import COUNTED
from training.groups import hash_groups, read_groups
from training.second_look import NETWORKS, UNITS

TEXTS = ["أنت حمار لا تفهم", "مقال جميل", "", "😀", "ya 7mar"]


@pytest.fixture
def folder(model, tmp_path):
    path = tmp_path / "models" / "seed"
    save_model(model, path)
    return path


def rewrite_manifest(folder, change):
    path = folder / MANIFEST
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def rewrite_weights(folder, **arrays):
    """Replace arrays and let the manifest vouch for them."""
    with np.load(folder / WEIGHTS) as file:
        kept = {name: file[name] for name in file.files}
    kept = {name: array for name, array in (kept | arrays).items() if array is not None}
    np.savez(folder / WEIGHTS, **kept)
    checksum = sha256(folder / WEIGHTS)
    rewrite_manifest(folder, lambda document: document["files"].update({WEIGHTS: checksum}))


def test_a_saved_model_scores_as_before(scorer, folder):
    loaded = load_scorer(folder)
    assert loaded.score(TEXTS) == scorer.score(TEXTS)
    assert loaded.default_policy() == scorer.default_policy()
    assert load_scorer(str(folder)).score(TEXTS) == scorer.score(TEXTS)


def test_two_saves_are_the_same_files(model, folder, tmp_path):
    save_model(model, tmp_path / "again")
    save_model(load_model(folder), tmp_path / "reloaded")
    for name in (MANIFEST, WEIGHTS):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()
        assert (tmp_path / "reloaded" / name).read_bytes() == (folder / name).read_bytes()


def test_a_model_folder_holds_arrays_and_facts_alone(folder):
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, WEIGHTS]
    with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
        shapes = {name: (arrays[name].dtype.str, arrays[name].shape) for name in arrays.files}
    assert shapes == {
        "weights": ("|i1", (16_384, 6)),
        "scales": ("<f4", (6,)),
        "idf": ("|u1", (16_384,)),
        "checks": ("|u1", (16_384,)),
        "groups": ("<u4", hash_groups(read_groups()).shape),
        "networks": ("<f4", (len(RETHOUGHT), NETWORKS * UNITS + 1, len(GIVEN) + 2)),
        "experts_buckets": ("<u4", (0,)),
        "experts_weights": ("|i1", (0, 0)),
        "experts_scales": ("<f4", (2, 0)),
        "experts_attributes": ("<i4", (0,)),
        "experts_sums": ("<f4", (len(RETHOUGHT), 2)),
        "experts_typing": ("<f4", (2 * len(COUNTED), 0)),
        "experts_judges": ("<f4", (0, judged_by(len(RETHOUGHT)))),
    }


def test_one_changed_byte_is_named_with_what_was_expected_and_found(folder):
    path = folder / WEIGHTS
    expected = sha256(path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = sha256(path)
    with pytest.raises(ModelError) as error:
        load_model(folder)
    assert f"{path} is not the file that manifest.json describes" in str(error.value)
    assert f"expected sha256 {expected}, found {found}" in str(error.value)
    assert "restore the folder or fit again" in str(error.value)


@pytest.mark.parametrize("name", [MANIFEST, WEIGHTS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=re.escape(f"{folder / name} is missing")):
        load_model(folder)


def test_a_missing_folder_is_no_model_folder(tmp_path):
    with pytest.raises(ModelError, match="nowhere is not a model folder"):
        load_model(tmp_path / "nowhere")


def test_a_file_is_no_model_folder(folder):
    with pytest.raises(ModelError, match=re.escape(str(folder / WEIGHTS / MANIFEST))):
        load_model(folder / WEIGHTS)


@pytest.mark.parametrize("number", [10, 12])
def test_another_format_is_refused_with_both_numbers(folder, number):
    rewrite_manifest(folder, lambda document: document.update(format=number))
    with pytest.raises(ModelError, match=f"format {number}, this version of ghirbal reads 11"):
        load_model(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda d: d.pop("format"), "KeyError('format')", id="no-format"),
        pytest.param(lambda d: d.pop("files"), "KeyError('files')", id="no-files"),
        pytest.param(lambda d: d["files"].clear(), "does not name weights.npz", id="empty-files"),
        pytest.param(lambda d: d.update(files=[WEIGHTS]), "not a manifest", id="list-of-files"),
        pytest.param(
            lambda d: d["files"].update({"../up.npz": "0"}),
            "names '../up.npz', which is not a file of its folder",
            id="file-outside",
        ),
        pytest.param(
            lambda d: d.update(attributes=["abusive"]), "expected ('abusive',", id="attributes"
        ),
        pytest.param(lambda d: d.pop("version"), "KeyError('version')", id="no-version"),
        pytest.param(lambda d: d.update(version=""), "needs a version", id="empty-version"),
        pytest.param(lambda d: d.pop("features"), "KeyError('features')", id="no-features"),
        pytest.param(lambda d: d["features"].update(bits=40), "got 40", id="bits"),
        pytest.param(lambda d: d.pop("calibration"), "KeyError('calibration')", id="uncalibrated"),
        pytest.param(
            lambda d: d["calibration"].pop("threat"), "KeyError('threat')", id="one-uncalibrated"
        ),
        pytest.param(
            lambda d: d["calibration"]["threat"].update(slope=-1), "slope of threat", id="slope"
        ),
        pytest.param(
            lambda d: d["calibration"]["threat"].update(slope="1"), "not a manifest", id="text"
        ),
        pytest.param(
            lambda d: d["calibration"]["threat"].update(intercept=float("nan")),
            "intercept finite",
            id="intercept",
        ),
        pytest.param(lambda d: d.pop("thresholds"), "KeyError('thresholds')", id="no-thresholds"),
        pytest.param(
            lambda d: d["thresholds"].update(rude={"review_at": 0.5}),
            "unknown attribute 'rude'",
            id="unknown-attribute",
        ),
        pytest.param(
            lambda d: d["thresholds"]["insult"].update(review_at=2), "review_at=2", id="threshold"
        ),
        pytest.param(lambda d: d.pop("highlights"), "KeyError('highlights')", id="no-highlights"),
        pytest.param(lambda d: d["highlights"].pop("alone"), "must name alone", id="no-feature"),
        pytest.param(
            lambda d: d["highlights"].update(rude=[0, 0, 0]), "must name alone", id="more-features"
        ),
        pytest.param(
            lambda d: d["highlights"].update(alone=[float("inf"), 0, 0]),
            "a weight of highlights is not finite",
            id="infinite-highlight",
        ),
        pytest.param(
            lambda d: d["highlights"].update(alone=[1]), "must name alone", id="short-highlight"
        ),
    ],
)
def test_a_manifest_that_cannot_be_used_is_refused_on_load(folder, change, message):
    rewrite_manifest(folder, change)
    with pytest.raises(ModelError) as error:
        load_model(folder)
    assert str(folder / MANIFEST) in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"[]", id="list"),
        pytest.param(b"null", id="null"),
        pytest.param(b"\xff\xfe", id="not-utf-8"),
    ],
)
def test_a_broken_manifest_is_refused(folder, content):
    (folder / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=re.escape(f"{folder / MANIFEST} is not a manifest")):
        load_model(folder)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        pytest.param(
            {"weights": np.zeros((16_384, 5), dtype=np.int8)},
            "weights is int8(16384, 5), expected int8(16384, 6)",
            id="an-attribute-less",
        ),
        pytest.param(
            {"weights": np.zeros((16_384, 6), dtype=np.float32)},
            "weights is float32(16384, 6), expected int8(16384, 6)",
            id="other-type",
        ),
        pytest.param(
            {"idf": np.ones(8_192, dtype=np.uint8)},
            "idf is uint8(8192,), expected uint8(16384,)",
            id="fewer-buckets",
        ),
        pytest.param(
            {"scales": np.ones((6, 1), dtype=np.float32)},
            "scales is float32(6, 1), expected float32(6,)",
            id="scales",
        ),
        pytest.param(
            {"checks": np.zeros(8_192, dtype=np.uint8)},
            "checks is uint8(8192,), expected uint8(16384,)",
            id="fewer-checks",
        ),
        pytest.param(
            {"checks": np.zeros(16_384, dtype=np.int8)},
            "checks is int8(16384,), expected uint8(16384,)",
            id="signed-checks",
        ),
        pytest.param({"idf": None}, "idf is not a file in the archive", id="missing-array"),
        pytest.param({"checks": None}, "checks is not a file in the archive", id="no-checks"),
        pytest.param(
            {"idf": np.array([{"a": 1}], dtype=object)}, "allow_pickle=False", id="pickled-object"
        ),
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(folder, arrays, message):
    rewrite_weights(folder, **arrays)
    with pytest.raises(ModelError) as error:
        load_model(folder)
    assert str(folder / WEIGHTS) in str(error.value)
    assert message in str(error.value)


def one_array():
    file = io.BytesIO()
    np.save(file, np.zeros(1, dtype=np.int8))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04", id="cut-off-archive"),
        pytest.param(b"\x80\x04N.", id="pickle"),
        pytest.param(one_array(), id="one-array"),
    ],
)
def test_a_file_of_another_kind_is_refused(folder, content):
    (folder / WEIGHTS).write_bytes(content)
    checksum = sha256(folder / WEIGHTS)
    rewrite_manifest(folder, lambda document: document["files"].update({WEIGHTS: checksum}))
    with pytest.raises(ModelError, match=re.escape(f"{folder / WEIGHTS} cannot be read")):
        load_model(folder)


def test_the_newest_model_is_the_last_by_name(monkeypatch, folder):
    shutil.copytree(folder, folder.parent / "26.11.0")
    (folder.parent / "zz-without-manifest").mkdir()
    monkeypatch.setattr(model_module, "MODELS", folder.parent)
    assert newest_model() == folder


def test_a_package_without_a_model_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(model_module, "MODELS", tmp_path)
    with pytest.raises(ModelError, match=r"no model in .*: install the package again"):
        load_scorer()


def test_attributes_of_a_model_are_those_of_the_code(model):
    assert tuple(model.manifest["attributes"]) == ATTRIBUTES
    assert isinstance(model, Model)
    assert Scorer(model).version == model.version == "seed"
