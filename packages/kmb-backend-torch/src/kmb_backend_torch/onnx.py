"""ONNX: a program of `torch.export`, translated by torch's own exporter, with the weights inside of the file."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from kmb_backend_torch.exporting import program_of
from kmb_core import tree
from kmb_core.plugins import ExportRequest

_LARGEST = 2**31 - 2**20  # bytes of one protobuf message


def write(request: ExportRequest, path: str) -> None:
    """Write the program of the request's only endpoint.

    Raises:
        ValueError: for weights that do not fit into one file.
    """
    size = sum(v._value.numel() * v._value.element_size() for v in request.variables)
    if size > _LARGEST:
        raise ValueError(f"an ONNX file holds 2 GiB, the weights have {size / 2**30:.1f} GiB")
    (endpoint,) = request.endpoints
    options = dict(endpoint.options)
    opset_version = options.pop("opset_version", None)
    program = program_of(request, flat=True, options=options)
    with _quiet():
        torch.onnx.export(
            program,
            f=path,
            input_names=_input_names(tree.flatten(endpoint.signature)),
            opset_version=opset_version,
            dynamo=True,
            external_data=False,
            verbose=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks of the translator: on packages that are not needed, on constants that are not folded."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def load(path: str) -> dict[str, Callable[..., Any]]:
    """The file as a function of arrays that gives a list."""
    names, run = _with_runtime(path) if find_spec("onnxruntime") is not None else _with_reference(path)

    def serve(*arrays: Any) -> list[np.ndarray]:
        return run(dict(zip(names, tree.flatten(arrays), strict=True)))

    return {"serve": serve}


def _with_runtime(path: str) -> tuple[list[str], Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]]:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return [x.name for x in session.get_inputs()], lambda inputs: session.run(None, inputs)


def _with_reference(path: str) -> tuple[list[str], Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]]:
    from onnx.reference import ReferenceEvaluator

    evaluator = ReferenceEvaluator(path)
    return list(evaluator.input_names), lambda inputs: evaluator.run(None, dict(inputs))


def _input_names(leaves: Any) -> list[str]:
    names: list[str] = []
    for index, leaf in enumerate(leaves):
        names.append(leaf.name if leaf.name and leaf.name not in names else f"input_{index}")
    return names
