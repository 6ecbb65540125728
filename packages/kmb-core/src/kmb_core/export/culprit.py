"""Which layer keeps a model from being exported.

Runs on random inputs record what each layer is called with; then layers are exported one by one, first those directly
inside, then those inside of the first that fails, until a layer fails whose own layers can all be exported.
"""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, StatelessScope
from kmb_core.errors import ExportError
from kmb_core.export.validation import Expected, compare, expected_of, run
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
    runs = [_calls(expected.endpoint, arguments, model, backend) for arguments, _ in expected.calls]
    first, last = runs[0], runs[-1]
    recorded = {key: _endpoint(first[key], last[key], backend, expected.endpoint) for key in first if key in last}
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
        if endpoint is None or time.monotonic() > deadline:
            continue
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


@dataclass(frozen=True)
class _Call:
    layer: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def _calls(endpoint: Endpoint, arguments: tuple[Any, ...], model: Any, backend: Backend) -> dict[int, _Call]:
    """The first call of each layer, by the layer's id, while an endpoint runs."""
    recorded: dict[int, _Call] = {}
    with ExitStack() as watched:
        for layer in model._flatten_layers(include_self=False):
            watched.enter_context(_recording(layer, recorded))
        run(endpoint, backend, arguments, StatelessScope())
    return recorded


@contextmanager
def _recording(layer: Any, recorded: dict[int, _Call]) -> Iterator[None]:
    call = layer.call

    def watched(*args: Any, **kwargs: Any) -> Any:
        recorded.setdefault(id(layer), _Call(layer, args, kwargs))
        return call(*args, **kwargs)

    object.__setattr__(layer, "call", watched)
    try:
        yield
    finally:
        del layer.__dict__["call"]


def _endpoint(first: _Call, last: _Call, backend: Backend, outer: Endpoint) -> Endpoint:
    """A call of a layer as a function of its tensors alone; sizes that differ between two calls are open."""
    leaves, others = tree.flatten((first.args, first.kwargs)), tree.flatten((last.args, last.kwargs))
    places = [index for index, leaf in enumerate(leaves) if backend.is_tensor(leaf)]

    def function(*tensors: Any) -> Any:
        filled = list(leaves)
        for index, tensor in zip(places, tensors, strict=True):
            filled[index] = tensor
        args, kwargs = tree.pack_sequence_as((first.args, first.kwargs), filled)
        return first.layer(*args, **kwargs)

    signature = tuple(_like(leaves[index], others[index], backend, f"input_{index}") for index in places)
    return Endpoint("serve", function, signature, outer.options)


def _like(tensor: Any, other: Any, backend: Backend, name: str) -> KerasTensor:
    pairs = zip(backend.static_shape(tensor), backend.static_shape(other), strict=True)
    return KerasTensor([a if a == b else None for a, b in pairs], backend.dtype_name(tensor), name=name)
