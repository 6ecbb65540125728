"""SavedModel by `jax2tf`: the weights are variables of TensorFlow, the programs StableHLO that a single op runs."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from jax.experimental import jax2tf

from kmb_backend_jax.programs import open_sizes, pure, with_least_sizes
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest

DEFAULT = "serving_default"


def write(request: ExportRequest, path: str) -> None:
    """Write the folder."""
    variables = {id(v): tf.Variable(np.asarray(v.value), v.trainable, name=_name(v.path)) for v in request.variables}
    root, signatures = tf.__internal__.tracking.AutoTrackable(), {}
    for endpoint in request.endpoints:
        function = _function(endpoint, request.variables, list(variables.values()))
        setattr(root, endpoint.name, function)
        signatures[endpoint.name] = _flat(function, endpoint)
    signatures.setdefault(DEFAULT, next(iter(signatures.values())))
    root.variables = list(variables.values())
    root.trainable_variables = [v for v in variables.values() if v.trainable]
    root.non_trainable_variables = [v for v in variables.values() if not v.trainable]
    for name, group in request.collections.items():
        setattr(root, name, [variables[id(v)] for v in group])
    tf.saved_model.save(root, path, signatures=signatures, options=request.options)


def load(path: str) -> dict[str, Callable[..., Any]]:
    """The endpoints of a SavedModel as functions of arrays."""
    loaded = tf.saved_model.load(path)
    names = [name for name in loaded.signatures if hasattr(loaded, name)]
    return {name: _of_arrays(getattr(loaded, name), loaded) for name in names}


def _function(endpoint: Endpoint, variables: Any, held: list[Any]) -> Any:
    given = {"with_gradient": False, **(endpoint.options.get("jax2tf_kwargs") or {})}
    given.setdefault("polymorphic_shapes", [None, *open_sizes(endpoint.signature)])
    changing = [] if endpoint.options.get("is_static", True) else [v for v in variables if not v.trainable]
    targets = [variable for v, variable in zip(variables, held, strict=True) if any(v is c for c in changing)]

    def traced(constraints: list[str]) -> Any:
        options = {"polymorphic_constraints": constraints, **given}
        converted = jax2tf.convert(pure(endpoint, variables, changing), **options)
        function = tf.function(
            _assigning(converted, held, targets), input_signature=_specifications(endpoint.signature), autograph=False
        )
        function.get_concrete_function()
        return function

    return with_least_sizes(endpoint.signature, traced)


def _assigning(converted: Any, held: list[Any], targets: list[Any]) -> Callable[..., Any]:
    def function(*inputs: Any) -> Any:
        if not targets:
            return converted(held, *inputs)
        outputs, values = converted(held, *inputs)
        for variable, value in zip(targets, values, strict=True):
            variable.assign(value)
        return outputs

    return function


def _flat(function: Any, endpoint: Endpoint) -> Any:
    """The same for clients that know no nesting: arguments and results by name."""

    def signature(*tensors: Any) -> dict[str, Any]:
        outputs = function(*tree.pack_sequence_as(endpoint.signature, list(tensors)))
        if isinstance(outputs, dict) and not any(tree.is_nested(value) for value in outputs.values()):
            return {str(key): tf.identity(value) for key, value in outputs.items()}
        return {f"output_{index}": tf.identity(x) for index, x in enumerate(tree.flatten(outputs))}

    return tf.function(signature, input_signature=tree.flatten(_specifications(endpoint.signature)), autograph=False)


def _specifications(signature: Any) -> Any:
    leaves, names = tree.flatten(signature), []
    for index, leaf in enumerate(leaves):
        name = _name(leaf.name or "")
        names.append(name if name[:1].isalpha() and name not in names else f"input_{index}")
    specs = [tf.TensorSpec(x.shape, x.dtype, name=name) for x, name in zip(leaves, names, strict=True)]
    return tree.pack_sequence_as(signature, specs)


def _name(name: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name)


def _of_arrays(function: Any, loaded: Any) -> Callable[..., Any]:
    def call(*arrays: Any) -> Any:
        return _plain(function(*tree.map_structure(tf.convert_to_tensor, arrays)))

    call.__dict__["artifact"] = loaded  # its variables live as long as it does
    return call


def _plain(outputs: Any) -> Any:
    """Tensors as arrays, TensorFlow's own containers as Python's."""
    if isinstance(outputs, Mapping):
        return {key: _plain(value) for key, value in outputs.items()}
    if isinstance(outputs, (list, tuple)):
        return [_plain(value) for value in outputs]
    return outputs.numpy()
