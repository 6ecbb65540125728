"""One file for each attack on Keras that was given a number: it is refused, and nothing has run, been read or written.

`docs/security.md` lists them with the rule that answers each. The first line of every refusal says the file, the member
of it and the reason.
"""

import base64
import io
import json
import marshal
import os
import pickle
import tarfile
import zipfile

import h5py
import numpy as np
import pytest

import kmb_core
from kmb_core.config import is_unsafe_deserialization_enabled
from kmb_core.errors import CheckpointError, KmbError, SecurityError, UnknownObjectError
from kmb_core.saving import load_model, load_weights
from kmb_core.saving.model_file import load_assets
from kmb_core.utils import get_file

SECRET = "a-word-that-only-the-secret-file-holds"


@pytest.fixture
def canary(tmp_path):
    """A file that an attack would make."""
    path = tmp_path / "canary"
    yield path
    assert not path.exists()


@pytest.fixture
def secret(tmp_path):
    """A file that an attack would read."""
    path = tmp_path / "secret"
    path.write_text(f"{SECRET}\n" * 100)
    return path


def rewritten(saved, change):
    """The file with `change(members)` made, where the config is plain data."""
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.loads(members["config.json"])
    change(members)
    members["config.json"] = json.dumps(members["config.json"]).encode()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return saved


def with_layer(saved, entry):
    """The file with another layer in the place of the first hidden one."""

    def put(members):
        place = members["config.json"]["config"]["layers"][1]
        place.update(entry)
        place["config"].setdefault("name", "hidden")

    return rewritten(saved, put)


def entry(module, name, config):
    return {"module": module, "class_name": name, "config": config, "registered_name": None, "build_config": None}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def bytecode(canary):
    """A lambda as Keras stores one: code that makes the canary."""
    code = compile(f"(lambda x: open({os.fspath(canary)!r}, 'w'))", "<file>", "eval").co_consts[0]
    value = base64.b64encode(marshal.dumps(code)).decode()
    return {"class_name": "__lambda__", "config": {"code": value, "value": value, "defaults": None, "closure": None}}


def refused(action, *words, errors=(SecurityError, CheckpointError)):
    """The refusal, whose first line has all these words."""
    with pytest.raises(errors) as caught:
        action()
    first = str(caught.value).splitlines()[0]
    assert all(word in first for word in words), first
    assert SECRET not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("safe_mode", [True, False])
def test_cve_2024_3660_the_bytecode_of_a_lambda(saved, canary, safe_mode):
    with_layer(saved, entry("keras.layers", "Lambda", {"function": bytecode(canary)}))
    found = refused(
        lambda: load_model(saved, safe_mode=safe_mode), "model.keras", "config.json", "lambda", errors=SecurityError
    )
    assert "@saving.register_keras_serializable()" in str(found)


def tar(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind == tarfile.REGTYPE:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            else:
                info.linkname = content
                archive.addfile(info)
    return path


def fetched(path, tmp_path):
    options = {"cache_dir": tmp_path / "cache", "cache_subdir": "a"}
    return lambda: get_file("data", path.as_uri(), extract=True, **options)


@pytest.mark.parametrize("name", ["../../canary", "x/../../../canary", "{folder}/canary", "..\\..\\canary"])
def test_cve_2024_55459_a_name_in_an_archive_that_leads_out_of_the_folder(tmp_path, canary, name):
    path = tar(tmp_path / "x.tar.gz", (name.format(folder=tmp_path), tarfile.REGTYPE, b"evil"))
    refused(fetched(path, tmp_path), "data_archive", "canary", "leads out of the folder", errors=SecurityError)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *[("os", "system"), ("builtins", "exec"), ("subprocess", "run"), ("posix", "system")],
        *[("kmb_core.utils", "get_file"), ("kmb_core._optional", "optional"), ("numpy", "load")],
    ],
)
def test_cve_2025_1550_a_function_of_any_module(saved, canary, module, name):
    arguments = {"command": f"touch {canary}"}
    with_layer(saved, entry("keras.layers", "Lambda", {"function": function(module, name), "arguments": arguments}))
    refused(lambda: load_model(saved), "model.keras", "config.json", name, errors=UnknownObjectError)


@pytest.mark.parametrize(("module", "name"), [("subprocess", "Popen"), ("os", "_wrap_close"), ("pathlib", "Path")])
def test_cve_2025_1550_a_class_of_any_module(saved, canary, module, name):
    with_layer(saved, entry(module, name, {"args": ["touch", os.fspath(canary)]}))
    refused(lambda: load_model(saved), "model.keras", "config.json", f"{module}.{name}", errors=UnknownObjectError)


@pytest.mark.parametrize(
    ("module", "name", "arguments"),
    [
        ("keras.utils", "get_file", {"origin": "file://{secret}", "fname": "canary", "cache_dir": "{folder}"}),
        ("keras.models", "load_model", {"safe_mode": False}),
        ("keras.saving", "save_model", {"filepath": "{folder}/canary"}),
        ("keras.preprocessing.image", "load_img", {"path": "{secret}"}),
    ],
)
def test_cve_2025_8747_a_built_in_function_that_reads_or_writes_files(
    saved, tmp_path, secret, canary, module, name, arguments
):
    made = {key: str(value).format(secret=secret, folder=tmp_path) for key, value in arguments.items()}
    with_layer(saved, entry("keras.layers", "Lambda", {"function": function(module, name), "arguments": made}))
    refused(lambda: load_model(saved), "model.keras", "config.json", name, errors=UnknownObjectError)


def test_cve_2025_9905_a_lambda_in_a_file_of_the_old_layout(tmp_path, canary):
    code = [bytecode(canary)["config"]["code"], None, None]
    layer = {"class_name": "Lambda", "config": {"name": "l", "function": code, "function_type": "lambda"}}
    first = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "name": "i", "dtype": "float32"}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [first, layer]}}
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"] = "2.15.0", "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"l"])
        file["model_weights"].create_group("l").attrs["weight_names"] = np.array([], "S1")
    for safe_mode in (True, False):
        refused(lambda: load_model(tmp_path / "m.h5", safe_mode=safe_mode), "m.h5")  # noqa: B023


def test_cve_2025_9906_a_file_that_switches_safety_off(saved, canary):
    def plant(members):
        layers = members["config.json"]["config"]["layers"]
        switch = entry(
            "keras.layers", "Lambda", {"function": function("keras.config", "enable_unsafe_deserialization")}
        )
        layers[1].update(switch)
        layers[2].update(entry("keras.layers", "Lambda", {"function": bytecode(canary)}))

    rewritten(saved, plant)
    refused(
        lambda: load_model(saved),
        "model.keras",
        "config.json",
        "enable_unsafe_deserialization",
        errors=UnknownObjectError,
    )
    assert not is_unsafe_deserialization_enabled()


@pytest.mark.parametrize("place", ["{secret}", "file://{secret}", "http://127.0.0.1:9/x", "gs://bucket/x", "../secret"])
@pytest.mark.parametrize("name", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_cve_2025_12058_a_vocabulary_that_is_a_path(saved, secret, place, name, monkeypatch):
    monkeypatch.chdir(saved.parent)
    with_layer(saved, entry("keras.layers", name, {"vocabulary": place.format(secret=secret)}))
    refused(
        lambda: load_model(saved), "model.keras", "config.json", name, "names the vocabulary file", errors=SecurityError
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_cve_2025_12060_a_link_in_an_archive_and_a_file_behind_it(tmp_path, canary, kind):
    members = [("way", kind, os.fspath(tmp_path)), ("way/canary", tarfile.REGTYPE, b"evil")]
    refused(
        fetched(tar(tmp_path / "x.tar.gz", *members), tmp_path),
        "data_archive",
        "'way'",
        "link or device",
        errors=SecurityError,
    )


def test_cve_2025_12638_a_chain_of_links_longer_than_a_path_may_be(tmp_path, canary):
    folder = "d" * 247
    members, path = [], ""
    for step in "abcdefghijklmnop":
        members += [(f"{path}{folder}", tarfile.DIRTYPE, ""), (f"{path}{step}", tarfile.SYMTYPE, folder)]
        path = f"{path}{step}/"
    members += [(f"{path}{'l' * 254}", tarfile.SYMTYPE, "../" * 16), ("escape", tarfile.SYMTYPE, f"{path}{'l' * 254}")]
    members += [("escape/../../canary", tarfile.REGTYPE, b"evil")]
    refused(
        fetched(tar(tmp_path / "x.tar.gz", *members), tmp_path),
        "data_archive",
        "'a'",
        "link or device",
        errors=SecurityError,
    )


class Evil:
    def __init__(self, canary):
        self.canary = canary

    def __reduce__(self):
        return os.system, (f"touch {self.canary}",)


def test_cve_2025_49655_a_pickled_module_of_torch(saved, canary):
    content = base64.b64encode(pickle.dumps(Evil(canary))).decode()
    for module in (content, {"class_name": "__bytes__", "config": {"value": content}}, {"config": content}):
        with_layer(saved, entry("keras.layers", "TorchModuleWrapper", {"module": module}))
        refused(lambda: load_model(saved, safe_mode=False), "model.keras", "config.json", "TorchModuleWrapper")


def replaced_weights(saved, make):
    """The file with another file of weights in it, which `make(file)` fills."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        make(file)
    return rewritten(saved, lambda members: members.update({"model.weights.h5": content.getvalue()}))


def test_cve_2026_0897_arrays_that_are_declared_huge(saved):
    def huge(file):
        file.create_dataset("layers/dense/vars/0", (3, 1 << 40), "float32", chunks=(1, 1024))

    replaced_weights(saved, huge)
    rewritten(saved, lambda members: members["config.json"]["config"]["layers"][1]["config"].update(units=1 << 40))
    refused(
        lambda: load_model(saved), "model.keras", "model.weights.h5", "layers/dense/vars/0", "MiB", errors=SecurityError
    )


def test_cve_2026_1462_a_saved_model_at_a_path(saved, tmp_path):
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "saved_model.pb").write_bytes(b"a program")
    config = {"filepath": os.fspath(tmp_path / "program"), "call_endpoint": "serve"}
    with_layer(saved, entry("keras.layers", "TFSMLayer", config))
    refused(lambda: load_model(saved, safe_mode=False), "model.keras", "config.json", "TFSMLayer")


def external_storage(file, secret):
    file.create_dataset("layers/dense/vars/0", (3, 4), "float32", external=[(os.fspath(secret), 0, 48)])


def external_link(file, secret):
    file["layers/dense/vars/0"] = h5py.ExternalLink(os.fspath(secret), "a")


def link_on_the_way(file, secret):
    file["layers"] = h5py.ExternalLink(os.fspath(secret), "layers")


def soft_link(file, secret):
    file["other"] = np.ones((3, 4), "float32")
    file["layers/dense/vars/0"] = h5py.SoftLink("/other")


@pytest.mark.parametrize("plant", [external_storage, external_link, link_on_the_way, soft_link])
def test_cve_2026_1669_arrays_that_lie_in_another_file(saved, model, tmp_path, secret, plant):
    replaced_weights(saved, lambda file: plant(file, secret))
    refused(lambda: load_model(saved), "model.keras", "model.weights.h5", "layers", "another file")
    with h5py.File(tmp_path / "w.weights.h5", "w") as file:
        plant(file, secret)
    before = [value.tobytes() for value in model.get_weights()]
    refused(lambda: load_weights(model, tmp_path / "w.weights.h5"), "w.weights.h5", "layers", "another file")
    assert [value.tobytes() for value in model.get_weights()] == before


@pytest.mark.parametrize("name", ["assets/../../canary", "assets/layers/string_lookup/../../../canary", "/canary"])
def test_cve_2026_12479_names_that_lead_out_of_the_folder_of_assets(tmp_path, canary, name):
    lookup = kmb_core.layers.StringLookup()
    lookup.adapt(np.array(["a", "b"]))
    kmb_core.Sequential([kmb_core.Input((1,), dtype="string"), lookup]).save(tmp_path / "m.keras")
    rewritten(tmp_path / "m.keras", lambda members: members.update({name: b"evil"}))
    refused(lambda: load_model(tmp_path / "m.keras"), "m.keras", name, "leaves the archive", errors=SecurityError)


def test_cve_2026_12479_a_layer_whose_name_is_a_path(saved, canary):
    with_layer(saved, entry("keras.layers", "Dense", {"units": 4, "name": "../../../canary"}))
    refused(lambda: load_model(saved), "model.keras", "config.json", "name is a string without '/'")


@pytest.mark.parametrize("name", ["..", "../canary", "a/../canary", "/canary", "a\\b", "c:x", "a\0b", ""])
def test_cve_2026_12479_assets_that_come_from_elsewhere_are_checked_too(tmp_path, canary, name):
    model = kmb_core.Sequential([kmb_core.Input((1,), dtype="string"), kmb_core.layers.StringLookup()])
    refused(
        lambda: load_assets(model, lambda: {name: b"evil"}, "'here'"), "'here'", "leads elsewhere", errors=SecurityError
    )


def test_cve_2026_12480_arrays_that_are_put_together_from_other_files(saved, tmp_path, secret):
    def virtual(file):
        layout = h5py.VirtualLayout(shape=(3, 4), dtype="float32")
        layout[:] = h5py.VirtualSource(os.fspath(tmp_path / "other.h5"), "a", shape=(3, 4))
        file.create_virtual_dataset("layers/dense/vars/0", layout)

    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["a"] = np.ones((3, 4), "float32")
    replaced_weights(saved, virtual)
    refused(lambda: load_model(saved), "model.keras", "model.weights.h5", "layers/dense/vars/0", errors=SecurityError)


@pytest.mark.parametrize("safe_mode", [None, True, False])
def test_cve_2026_12481_a_lambda_that_is_made_outside_of_load_model(canary, safe_mode):
    config = {"name": "l", "function": bytecode(canary)}
    layers = kmb_core.layers
    refused(lambda: layers.Lambda.from_config(dict(config), safe_mode=safe_mode), "lambda", errors=KmbError)
    whole = entry("keras.layers", "Lambda", config)
    refused(lambda: layers.deserialize(whole), "lambda", errors=KmbError)
    refused(lambda: kmb_core.saving.deserialize_keras_object(whole, safe_mode=bool(safe_mode)), "lambda")
    inner = {"name": "s", "layers": [whole]}
    refused(lambda: kmb_core.Sequential.from_config(inner), "lambda", errors=KmbError)
