"""`Model.export`: one model, one endpoint, any format that something installed can write."""

import sys
import warnings
from collections.abc import Sequence
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, StatelessScope
from kmb_core.errors import ExportError, message
from kmb_core.export.formats import Route, find_route
from kmb_core.export.signatures import model_endpoint
from kmb_core.export.validation import Expected, compare, expected_of, run
from kmb_core.export.writing import Contents, write_artifact

SERVE = "serve"


def export_model(
    model: Any, filepath: Any, format: str, verbose: bool | None, input_signature: Any, options: dict[str, Any]
) -> None:
    """Write a model's inference; see `Model.export`.

    Args:
        model: a model.
        filepath: file or folder to write.
        format: name of a format.
        verbose: True says what was written, False keeps quiet about a change of backend.
        input_signature: what the model takes; None where it is built.
        options: of the exporter, and `tolerance`.
    """
    tolerance = options.pop("tolerance", None)
    route = find_route(format, model._backend.name)
    endpoint = model_endpoint(model, SERVE, input_signature, options)
    if route.backend != model._backend.name:
        model, endpoint = _moved(model, endpoint, format, route, verbose)
    contents = Contents(model._backend, [endpoint], [model], owners={SERVE: model})
    expected = write_artifact(contents, format, route, filepath, tolerance)
    if verbose:
        say(filepath, format, expected)


def say(filepath: Any, format: str, expected: Sequence[Expected]) -> None:
    """Say on the standard output what was written."""
    lines = [f"{format} written to {str(filepath)!r}, with the endpoints"]
    for one in expected:
        takes = ", ".join(_shown(x) for x in tree.flatten(one.endpoint.signature))
        lines.append(f"  {one.endpoint.name}: {takes} → {', '.join(_shown(x) for x in _outputs(one))}")
    sys.stdout.write("\n".join(lines) + "\n")


def _outputs(expected: Expected) -> list[KerasTensor]:
    """The outputs, sizes that follow that of the batch open."""
    (_, first), (_, last) = expected.calls[0], expected.calls[-1]
    shapes = [
        [a if a == b else None for a, b in zip(x.shape, y.shape, strict=True)] for x, y in zip(first, last, strict=True)
    ]
    return [KerasTensor(shape, x.dtype, name="") for shape, x in zip(shapes, first, strict=True)]


def _shown(tensor: Any) -> str:
    name = tensor.name
    return f"{f'{name} ' if name else ''}{tensor.dtype}[{', '.join(map(str, tensor.shape))}]"


def _moved(model: Any, endpoint: Any, format: str, route: Route, verbose: bool | None) -> tuple[Any, Any]:
    """The model and its endpoint on the backend that writes the format, computing the same."""
    source = model._backend
    if verbose is not False:
        what = f"export: backend {source.name} does not write {format!r}; the model is moved to {route.backend} for it"
        warnings.warn(message(what, None, "verbose=False keeps this quiet."), stacklevel=4)
    try:
        moved = model.to_backend(route.backend)
    except (ValueError, TypeError) as error:
        what = f"export: model {model.name!r} cannot be moved from backend {source.name} to {route.backend}"
        cause = f"{route.backend} writes {format!r}, {source.name} does not."
        raise ExportError(message(what, cause, str(error))) from error
    elsewhere = model_endpoint(moved, endpoint.name, list(endpoint.signature), endpoint.options)
    with_arrays = {SERVE: lambda *arguments: run(elsewhere, moved._backend, arguments, StatelessScope())}
    compare(with_arrays, expected_of(endpoint, source), None)
    return moved, elsewhere
