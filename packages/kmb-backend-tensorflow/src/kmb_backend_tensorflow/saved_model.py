"""SavedModel: endpoints as tf.functions on a root that holds the variables, and as signatures with flat arguments."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES
from kmb_backend_tensorflow.lookup import LookupTable
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest

DEFAULT = "serving_default"


def write(request: ExportRequest, path: str, functions: Mapping[str, Any] | None = None) -> None:
    """Write a SavedModel.

    Args:
        request: what goes into it.
        path: folder to make.
        functions: tf.functions in place of the endpoints' own, where a backend makes them in another way.
    """
    endpoints = {endpoint.name: endpoint for endpoint in request.endpoints}
    functions = {name: _function(e) for name, e in endpoints.items()} if functions is None else functions
    root = _root(request)
    signatures = {}
    for name, function in functions.items():
        setattr(root, name, function)
        signatures[name] = _flat(function, endpoints[name])
    # Known only now, when all is traced: variables of functions that TensorFlow had traced before, and tables.
    root._captured = [v for function in functions.values() for v in function.get_concrete_function().variables]
    root._tables = [table for resource in request.resources for table in _tables(resource)]
    signatures.setdefault(DEFAULT, next(iter(signatures.values())))
    tf.saved_model.save(root, path, signatures=signatures, options=request.options)


def load(path: str) -> dict[str, Callable[..., Any]]:
    """The endpoints of a SavedModel as functions of arrays."""
    loaded = tf.saved_model.load(path)
    names = [name for name in loaded.signatures if hasattr(loaded, name)]
    return {name: _of_arrays(getattr(loaded, name), loaded) for name in names}


def specifications(signature: Any) -> Any:
    """TensorSpecs like KerasTensors, with names that are no other's."""
    leaves = tree.flatten(signature)
    specs = [tf.TensorSpec(x.shape, DTYPES[x.dtype], name=n) for x, n in zip(leaves, names_of(leaves), strict=True)]
    return tree.pack_sequence_as(signature, specs)


def names_of(leaves: Any) -> list[str]:
    """The inputs' names, as far as they are names in a graph and no other input's."""
    names: list[str] = []
    for index, leaf in enumerate(leaves):
        name = "".join(c if c.isalnum() and c.isascii() else "_" for c in leaf.name or "")
        names.append(name if name[:1].isalpha() and name not in names else f"input_{index}")
    return names


def plain(outputs: Any) -> Any:
    """Tensors as arrays, TensorFlow's own containers as Python's."""
    if isinstance(outputs, Mapping):
        return {key: plain(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [plain(value) for value in outputs]
    return outputs.numpy() if hasattr(outputs, "numpy") else np.asarray(outputs)


def named_outputs(outputs: Any) -> dict[str, Any]:
    """Outputs by name: the keys of a dict of tensors, else numbered."""
    if isinstance(outputs, dict) and not any(tree.is_nested(value) for value in outputs.values()):
        return {str(key): tf.identity(value) for key, value in outputs.items()}
    return {f"output_{index}": tf.identity(x) for index, x in enumerate(tree.flatten(outputs))}


def _function(endpoint: Endpoint) -> Any:
    return tf.function(endpoint.function, input_signature=specifications(endpoint.signature), autograph=False)


def _flat(function: Any, endpoint: Endpoint) -> Any:
    """The same for clients that know no nesting: arguments and results by name."""
    specs = tree.flatten(specifications(endpoint.signature))

    def signature(*tensors: Any) -> dict[str, Any]:
        return named_outputs(function(*tree.pack_sequence_as(endpoint.signature, list(tensors))))

    return tf.function(signature, input_signature=specs, autograph=False)


def _root(request: ExportRequest) -> Any:
    root = tf.__internal__.tracking.AutoTrackable()
    trained = [v for v in request.variables if v.trainable]
    fixed = [v for v in request.variables if not v.trainable]
    root.variables = [v._value for v in (*trained, *fixed)]
    root.trainable_variables = [v._value for v in trained]
    root.non_trainable_variables = [v._value for v in fixed]
    root._resources = [r for r in request.resources if not hasattr(r, "_flatten_layers")]
    for name, variables in request.collections.items():
        setattr(root, name, [v._value for v in variables])
    return root


def _tables(resource: Any) -> list[Any]:
    layers = resource._flatten_layers() if hasattr(resource, "_flatten_layers") else []
    return [child for layer in layers for _, child in layer._contents() if isinstance(child, LookupTable)]


def _of_arrays(function: Any, loaded: Any) -> Callable[..., Any]:
    def call(*arrays: Any) -> Any:
        return plain(function(*tree.map_structure(tf.convert_to_tensor, arrays)))

    call.__dict__["artifact"] = loaded  # its variables live as long as it does
    return call
