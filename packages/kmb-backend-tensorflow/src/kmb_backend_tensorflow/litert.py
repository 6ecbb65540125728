"""LiteRT (TensorFlow Lite): what its converter makes of a SavedModel."""

import os
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow import saved_model
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest


def write(request: ExportRequest, path: str) -> None:
    """Write the file, with a signature for each endpoint."""
    names = [endpoint.name for endpoint in request.endpoints]
    with tempfile.TemporaryDirectory() as folder, _quiet():
        source = os.path.join(folder, "source")
        saved_model.write(request, source)
        converter = tf.lite.TFLiteConverter.from_saved_model(source, signature_keys=names)
        _configure(converter, {key: value for e in request.endpoints for key, value in e.options.items()})
        content = converter.convert()
    with open(path, "wb") as file:
        file.write(content)


def load(path: str, endpoints: Sequence[Endpoint] = ()) -> dict[str, Callable[..., Any]]:
    """The signatures as functions of arrays."""
    with _quiet():
        interpreter = _interpreter()(model_path=path)
    written = {endpoint.name: endpoint for endpoint in endpoints}
    return {
        name: _of_arrays(interpreter, name, input_names(written.get(name), signature["inputs"]))
        for name, signature in interpreter.get_signature_list().items()
    }


def input_names(endpoint: Endpoint | None, known: Sequence[str]) -> list[str]:
    """The names of the inputs in the order of the endpoint's; those of the file, sorted, where it is not known."""
    return sorted(known) if endpoint is None else saved_model.names_of(tree.flatten(endpoint.signature))


def in_order(outputs: dict[str, Any]) -> list[Any]:
    """Outputs by name, in the order that `saved_model.named_outputs` named them in."""
    numbered = all(re.fullmatch(r"output_\d+", name) for name in outputs)
    return [outputs[name] for name in sorted(outputs, key=(lambda n: int(n[7:])) if numbered else None)]


def _configure(converter: Any, options: dict[str, Any]) -> None:
    kernels = [tf.lite.OpsSet.TFLITE_BUILTINS]
    kernels += [tf.lite.OpsSet.SELECT_TF_OPS] if options.pop("enable_select_tf_ops", True) else []
    converter.target_spec.supported_ops = kernels
    for name, value in options.items():
        setattr(converter, name, value)


def _interpreter() -> Any:
    """The interpreter of the package that has taken over from TensorFlow, where it is installed."""
    if find_spec("ai_edge_litert") is None:
        return tf.lite.Interpreter
    from ai_edge_litert.interpreter import Interpreter

    return Interpreter


def _of_arrays(interpreter: Any, name: str, names: list[str]) -> Callable[..., Any]:
    runner = interpreter.get_signature_runner(name)

    def call(*arrays: Any, **by_name: Any) -> list[Any]:
        return in_order(runner(**dict(zip(names, tree.flatten(arrays), strict=False)), **by_name))

    return call


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the notice, at each use, that the interpreter moves to another package."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"\s*Warning: tf\.lite\.Interpreter is deprecated")
        yield
