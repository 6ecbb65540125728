"""A backend with an exporter of its own: the current one under another name, whose artifacts stay in this process."""

import json
import types
from pathlib import Path

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, plugins, tree
from kmb_core.backend import StatelessScope
from kmb_core.plugins import BackendInfo, hookimpl

REAL = kmb_core.config.backend()


class MemoryExporter:
    """Writes a number to a file, or a file in a folder, and keeps the functions under it."""

    def __init__(self, **changes):
        self.suffix, self.contents, self.packages = ".memory", frozenset(), {}
        self.option_names, self.several_endpoints, self.collects_variables = frozenset({"style"}), True, True
        self.requests, self.changed = [], lambda array: array
        self.__dict__.update(changes)

    def write(self, request, path):
        self.requests.append(request)
        file = Path(path) if self.suffix else Path(path) / "number"
        if not self.suffix:
            file.parent.mkdir()
        Unwritable.writing = True
        try:
            for endpoint in request.endpoints:
                zeros = tree.map_structure(
                    lambda x: np.zeros([size or 1 for size in x.shape], x.dtype), endpoint.signature
                )
                self.of_arrays(endpoint)(*zeros)
        finally:
            Unwritable.writing = False
        file.write_text(json.dumps(len(self.requests) - 1), encoding="utf-8")

    def load(self, path, endpoints=()):
        file = Path(path) if self.suffix else Path(path) / "number"
        request = self.requests[json.loads(file.read_text(encoding="utf-8"))]
        return {endpoint.name: self.of_arrays(endpoint) for endpoint in request.endpoints}

    def of_arrays(self, endpoint):
        def call(*arrays):
            with kmb_core.use_backend("mine") as backend, StatelessScope():
                outputs = endpoint.function(*tree.map_structure(backend.convert, arrays))
                return [self.changed(np.asarray(backend.to_numpy(x))) for x in tree.flatten(outputs)]

        return call


class Unwritable(layers.Layer):
    """A layer that no exporter can write."""

    writing = False

    def call(self, inputs):
        if Unwritable.writing:
            raise RuntimeError("no kernel of this name")
        return inputs


@pytest.fixture
def unwritable():
    """A class of layers that no exporter can write."""
    return Unwritable


@pytest.fixture
def exporters():
    """The table of the backend "mine", to be filled by a test."""
    table = {"memory": MemoryExporter()}
    implementation = plugins.load_backend(REAL).implementation
    plugin = types.SimpleNamespace(
        kmb_backend_info=hookimpl(lambda: BackendInfo("mine", "numpy")),
        kmb_make_backend=hookimpl(lambda name: implementation if name == "mine" else None),
        kmb_make_trainer=hookimpl(lambda name, model: plugins.make_trainer(plugins.load_backend(REAL), model)),
        kmb_exporters=hookimpl(lambda name: table if name == "mine" else {}),
    )
    plugins.register("mine", plugin)
    yield table
    plugins.unregister("mine")


@pytest.fixture
def mine(exporters):
    """What is made in the test is of that backend."""
    with kmb_core.use_backend("mine"):
        yield
