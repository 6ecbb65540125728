"""JSON that says something else than what was written: of a model, of its archive, of a set of files, of tensors.

A value somewhere in a text that was saved gives way to another one: made up, or taken from elsewhere in it.
"""

import io
import json
import os
import zipfile

from fuzzed_files import large, load_again, saved, small, written
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

import kmb_core

TEXTS = ["", "a", "/etc/passwd", "file:///etc/passwd", "../x", "linear", "float32", "keras.layers", "Dense", "\0", "é"]
NUMBERS = [0, 1, -1, 2, 1 << 20, 1 << 31, 1 << 63, -(1 << 63), 10**30, 0.5, -1.5, float("nan"), float("inf")]
LEAVES = st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.integers() | st.sampled_from(TEXTS) | st.text()
NAMES = ["module", "class_name", "config", "registered_name", "build_config", "name", "layers", "dtype", "value"]
KEYS = st.sampled_from([*NAMES, "units", "shape", "data_offsets", "weight_map"]) | st.text(max_size=5)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def config(folder):
    return member(large(), "config.json", folder)


def metadata(folder):
    return member(small(), "metadata.json", folder)


def member(made, name, folder):
    with zipfile.ZipFile(io.BytesIO(saved(made, "m.keras", folder))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}

    def read(text):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w") as archive:
            for one, content in {**members, name: text}.items():
                archive.writestr(one, content)
        kmb_core.saving.load_model(written(target.getvalue(), folder, "last.keras"))

    return members[name], read


def index(folder):
    path = os.path.join(folder, "s.weights.json")
    text = saved(small(), "s.weights.json", folder, max_shard_size=24_100 / (1 << 30))

    def read(changed):
        written(changed, folder, "s.weights.json")
        load_again(path, cut=True)  # it names whole arrays, so what is loaded is right

    return text, read


def header(folder):
    content = saved(small(), "t.safetensors", folder)
    end = 8 + int.from_bytes(content[:8], "little")

    def read(changed):
        length = len(changed).to_bytes(8, "little")
        load_again(written(length + changed + content[end:], folder, "last.safetensors"), cut=False)

    return content[8:end], read


KINDS = {"config": config, "metadata": metadata, "index": index, "header": header}


def fuzz(kind, first, count, folder, outcome):
    text, read = KINDS[kind](folder)
    plain = json.loads(text)
    found = list(places(plain))
    entries = [value for value in (at(plain, path) for path in found) if isinstance(value, dict) and value]

    @seed(first)
    @settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(found), VALUES | st.sampled_from(entries))
    def one(path, value):
        changed = json.dumps(replaced(json.loads(text), path, value)).encode("utf-8", "surrogatepass")
        outcome(lambda: read(changed), (kind, path, value))

    one()


def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def at(value, path):
    for key in path:
        value = value[key]
    return value


def replaced(holder, path, value):
    if not path:
        return value
    at(holder, path[:-1])[path[-1]] = value
    return holder
