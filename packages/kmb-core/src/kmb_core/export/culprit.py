"""Which layer keeps a model from being exported.

A run on random inputs records what each layer is called with; then layers are exported one by one, first those directly
inside, then those inside of the first that fails, until a layer fails whose own layers can all be exported.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, StatelessScope
from kmb_core.errors import ExportError
from kmb_core.export.validation import BATCH, Expected, compare, expected_of, run
from kmb_core.layers.specialization import public_class
from kmb_core.plugins import Backend, Endpoint, Exporter, ExportRequest

_SECONDS = 60.0  # after which the search is content with what it has found


def culprit(expected: Expected, model: Any, backend: Backend, exporter: Exporter, tolerance: float | None) -> Any:
    """The innermost layer that cannot be exported by itself; None where each can.

    Args:
        expected: the endpoint that failed, with inputs.
        model: the model or layer that it runs.
        backend: the model's backend.
        exporter: the exporter that failed.
        tolerance: of the comparison.
    """
    deadline = time.monotonic() + _SECONDS
    arguments, _ = expected.calls[0]
    recorded: dict[int, Endpoint] = {}
    with ExitStack() as watched:
        for layer in model._flatten_layers(include_self=False):
            watched.enter_context(_recording(layer, recorded, backend, expected.endpoint))
        run(expected.endpoint, backend, arguments, StatelessScope())
    found, inside = None, model
    while inside is not None and time.monotonic() < deadline:
        inside = _first_that_fails(inside, recorded, backend, exporter, tolerance, deadline)
        found = inside or found
    return found


def described(layer: Any) -> str:
    """A layer as messages name it."""
    return f"{public_class(layer).__name__} {layer.path!r}"


def _first_that_fails(
    layer: Any, recorded: dict[int, Endpoint], backend: Backend, exporter: Exporter, tolerance: Any, deadline: float
) -> Any:
    for inner in layer._sublayers():
        endpoint = recorded.get(id(inner))
        if endpoint is not None and time.monotonic() < deadline:
            if not _can_be_exported(inner, endpoint, backend, exporter, tolerance):
                return inner
    return None


def _can_be_exported(layer: Any, endpoint: Endpoint, backend: Backend, exporter: Exporter, tolerance: Any) -> bool:
    try:
        expected = expected_of(endpoint, backend)
    except ExportError:  # it does not take random values, which is not the exporter's fault
        return True
    variables = {id(v): v for v in (*layer.variables, *expected.variables)}
    request = ExportRequest((endpoint,), tuple(variables.values()), (layer,))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"layer{exporter.suffix}")
        try:
            exporter.write(request, path)
            compare(exporter.load(path, [endpoint]), expected, tolerance)
        except Exception:
            return False
    return True


@contextmanager
def _recording(layer: Any, recorded: dict[int, Endpoint], backend: Backend, outer: Endpoint) -> Iterator[None]:
    call = layer.call

    def watched(*args: Any, **kwargs: Any) -> Any:
        if id(layer) not in recorded:
            with suppress(TypeError, ValueError):  # arguments that cannot be described: the layer is not tried
                recorded[id(layer)] = _endpoint(layer, args, kwargs, backend, outer)
        return call(*args, **kwargs)

    object.__setattr__(layer, "call", watched)
    try:
        yield
    finally:
        del layer.__dict__["call"]


def _endpoint(layer: Any, args: Any, kwargs: Any, backend: Backend, outer: Endpoint) -> Endpoint:
    """A call of a layer as a function of its tensors alone."""
    leaves = tree.flatten((args, kwargs))
    places = [index for index, leaf in enumerate(leaves) if backend.is_tensor(leaf)]

    def function(*tensors: Any) -> Any:
        filled = list(leaves)
        for index, tensor in zip(places, tensors, strict=True):
            filled[index] = tensor
        own_args, own_kwargs = tree.pack_sequence_as((args, kwargs), filled)
        return layer(*own_args, **own_kwargs)

    signature = tuple(_like(leaves[index], backend, f"input_{index}") for index in places)
    return Endpoint("serve", function, signature, outer.options)


def _like(tensor: Any, backend: Backend, name: str) -> KerasTensor:
    shape = tuple(backend.static_shape(tensor))
    if shape and shape[0] == BATCH:
        shape = (None, *shape[1:])
    return KerasTensor(shape, backend.dtype_name(tensor), name=name)
