"""A zip archive of StableHLO programs and their weights, which needs no more than JAX to run.

    manifest.json       inputs, outputs, weights, and the version of JAX that wrote it
    serve.exported      for `jax.export.deserialize`; a function of the list of weights and the endpoint's inputs
    serve.mlir          the same as text, to be read by people
    weights/0.npy …     16-bit and 8-bit floats as integers of that size; the manifest has their dtypes

So without this library:

    archive = zipfile.ZipFile("model.stablehlo")
    manifest = json.loads(archive.read("manifest.json"))
    weights = [np.load(archive.open(w["file"])).view(w["dtype"]) for w in manifest["weights"]]
    jax.export.deserialize(archive.read("serve.exported")).call(weights, x)
"""

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.export
import numpy as np

from kmb_backend_jax.programs import open_sizes, pure, with_least_sizes
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest

_MANIFEST, _VERSION = "manifest.json", 1


def write(request: ExportRequest, path: str) -> None:
    """Write the archive."""
    variables = request.variables
    manifest: dict[str, Any] = {"format": "stablehlo", "version": _VERSION, "jax": jax.__version__, "endpoints": {}}
    with zipfile.ZipFile(path, "w") as archive:
        for endpoint in request.endpoints:
            exported = export(endpoint, variables)
            archive.writestr(f"{endpoint.name}.exported", bytes(exported.serialize()))
            archive.writestr(f"{endpoint.name}.mlir", exported.mlir_module())
            manifest["endpoints"][endpoint.name] = _described(endpoint, exported)
        manifest["weights"] = [_written(archive, index, v) for index, v in enumerate(variables)]
        places = {id(v): index for index, v in enumerate(variables)}
        manifest["collections"] = {name: [places[id(v)] for v in group] for name, group in request.collections.items()}
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1))


def load(path: str) -> dict[str, Callable[..., Any]]:
    """The endpoints as functions of arrays.

    Raises:
        ValueError: for an archive of a later version.
    """
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read(_MANIFEST))
        if manifest["version"] > _VERSION:
            raise ValueError(f"{path!r} has version {manifest['version']}, this library reads {_VERSION}")
        weights = [_read(archive, weight) for weight in manifest["weights"]]
        programs = {name: archive.read(f"{name}.exported") for name in manifest["endpoints"]}
    return {name: _of_arrays(jax.export.deserialize(bytearray(p)), weights) for name, p in programs.items()}


def export(endpoint: Endpoint, variables: Sequence[Any]) -> Any:
    """The program of an endpoint."""
    arguments = tree.map_structure(
        lambda x: jax.ShapeDtypeStruct([s or 1 for s in x.shape], x.dtype), endpoint.signature
    )
    values = [jax.ShapeDtypeStruct(v.shape, v.dtype) for v in variables]
    exporting = jax.export.export(jax.jit(pure(endpoint, variables)), platforms=endpoint.options.get("platforms"))

    def exported(constraints: list[str]) -> Any:
        sizes = open_sizes(endpoint.signature)
        return exporting(values, *jax.export.symbolic_args_specs(arguments, sizes, constraints=constraints))

    return with_least_sizes(endpoint.signature, exported)


def _described(endpoint: Endpoint, exported: Any) -> dict[str, Any]:
    inputs = [{"name": x.name, "shape": x.shape, "dtype": x.dtype} for x in tree.flatten(endpoint.signature)]
    outputs = [{"shape": [str(s) for s in x.shape], "dtype": str(x.dtype)} for x in exported.out_avals]
    return {"inputs": inputs, "outputs": outputs, "platforms": list(exported.platforms)}


def _written(archive: zipfile.ZipFile, index: int, variable: Any) -> dict[str, Any]:
    array = np.asarray(variable.value)
    plain = array if array.dtype.isbuiltin else array.view(f"uint{8 * array.dtype.itemsize}")
    content, file = io.BytesIO(), f"weights/{index}.npy"
    np.save(content, plain, allow_pickle=False)
    archive.writestr(file, content.getvalue())
    return {"file": file, "path": variable.path, "shape": array.shape, "dtype": array.dtype.name}


def _read(archive: zipfile.ZipFile, weight: dict[str, Any]) -> jax.Array:
    array = np.load(io.BytesIO(archive.read(weight["file"])), allow_pickle=False)
    return jax.numpy.asarray(array.view(jax.numpy.dtype(weight["dtype"])))


def _of_arrays(exported: Any, weights: list[jax.Array]) -> Callable[..., Any]:
    def call(*arrays: Any) -> Any:
        return jax.tree.map(np.asarray, exported.call(weights, *arrays))

    return call
