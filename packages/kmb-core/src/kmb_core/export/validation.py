"""What was written is read again and compared with what the model computes.

The inputs are random: floats between 0 and 1, which every layer takes that looks a number up or takes a logarithm, and
integers 0 and 1. Open sizes are tried with several values, because a model may need a least length. The comparison is
made twice, with other values for all that is open, since tracers like to take a size for a constant: for a batch of 3,
and for one of 1 with other lengths twice as large.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import KerasTensor, StatelessScope, use_backend
from kmb_core.dtypes import numpy_dtype, standardize_dtype
from kmb_core.errors import ExportError, message
from kmb_core.plugins import Backend, Endpoint

BATCH = 3
_LENGTHS = (8, 32, 128)
# By the dtype of an output: the greatest difference, relative to the greatest value (at least 1).
TOLERANCES = {
    "float64": 1e-4,
    "float32": 1e-4,
    "float16": 2e-2,
    "bfloat16": 5e-2,
    "complex64": 1e-4,
    "complex128": 1e-4,
}


class ReadingScope(StatelessScope):
    """A scope that forgets assignments, and knows which variables were read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: dict[int, Any] = {}

    def get_current_value(self, variable: Any) -> Any:
        """The value in this scope."""
        self.read[id(variable)] = variable
        return super().get_current_value(variable)


@dataclass(frozen=True)
class Expected:
    """Inputs and what an endpoint gives for them.

    `repeatable` is False for an endpoint that draws numbers: then only shapes and dtypes are compared.
    """

    endpoint: Endpoint
    calls: tuple[tuple[tuple[Any, ...], list[np.ndarray]], ...]  # (arguments, flat outputs)
    repeatable: bool
    variables: tuple[Any, ...]  # that were read


def expected_of(endpoint: Endpoint, backend: Backend) -> Expected:
    """Run an endpoint on random inputs.

    Raises:
        ExportError: where it does not run on them.
    """
    failure: Exception | None = None
    for length in _LENGTHS:
        scope = ReadingScope()
        try:
            return _expected(endpoint, backend, length, scope)
        except Exception as error:
            failure = error
        if not any(None in leaf.shape[1:] for leaf in tree.flatten(endpoint.signature)):
            break
    what = f"export: endpoint {endpoint.name!r} does not run on inputs like its signature: {failure}"
    remedy = "Pass an input_signature with the sizes and dtypes that it needs."
    raise ExportError(
        message(what, "It was called with random values of the shapes that it takes.", remedy)
    ) from failure


def _expected(endpoint: Endpoint, backend: Backend, length: int, scope: ReadingScope) -> Expected:
    many = random_inputs(endpoint.signature, BATCH, length)
    outputs = run(endpoint, backend, many, scope)
    again = run(endpoint, backend, many, scope)
    repeatable = all(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc") for a, b in zip(outputs, again, strict=True))
    calls = [(many, outputs)]
    if any(None in leaf.shape for leaf in tree.flatten(endpoint.signature)):
        single = random_inputs(endpoint.signature, 1, 2 * length)
        calls.append((single, run(endpoint, backend, single, scope)))
    return Expected(endpoint, tuple(calls), repeatable, tuple(scope.read.values()))


def run(endpoint: Endpoint, backend: Backend, arguments: tuple[Any, ...], scope: StatelessScope) -> list[np.ndarray]:
    """Call an endpoint with arrays, without an effect on variables; flat outputs."""
    kept_as_array = [leaf.dtype == "string" for leaf in tree.flatten(endpoint.signature)]
    with use_backend(backend):
        values = [
            x if text else backend.convert(x) for x, text in zip(tree.flatten(arguments), kept_as_array, strict=True)
        ]
        with scope:
            outputs = endpoint.function(*tree.pack_sequence_as(arguments, values))
        return [np.asarray(backend.to_numpy(x)) for x in tree.flatten(outputs) if x is not None]


def random_inputs(signature: Any, batch: int, length: int) -> Any:
    """Arrays for a signature; open sizes are `batch` on the first axis and `length` on others."""
    generator = np.random.default_rng(0)

    def one(tensor: KerasTensor) -> np.ndarray:
        first = tensor.shape[:1]
        shape = [batch if size is None else size for size in first]
        shape += [length if size is None else size for size in tensor.shape[1:]]
        return _random(generator, shape, tensor.dtype)

    return tree.map_structure(one, signature)


def _random(generator: np.random.Generator, shape: list[int], dtype: str) -> np.ndarray:
    if dtype == "string":
        return generator.choice(np.array(["a", "b c"], dtype=object), shape)
    if dtype == "bool" or "int" in dtype:
        return generator.integers(0, 2, shape).astype(numpy_dtype(dtype))
    return generator.random(shape).astype(numpy_dtype(dtype))


def compare(loaded: Mapping[str, Callable[..., Any]], expected: Expected, tolerance: float | None) -> None:
    """Compare an artifact's endpoint with what was expected.

    Args:
        loaded: the endpoints of the artifact.
        expected: inputs and outputs.
        tolerance: greatest difference, relative to an output's greatest value (at least 1); None takes that of the
            output's dtype (`TOLERANCES`).

    Raises:
        ExportError: with the output and the difference.
    """
    name = expected.endpoint.name
    if name not in loaded:
        raise ExportError(message(f"export: the artifact has no endpoint {name!r}, but {', '.join(loaded) or 'none'}"))
    for arguments, outputs in expected.calls:
        given = [np.asarray(x) for x in tree.flatten(loaded[name](*arguments)) if x is not None]
        where = f"export: endpoint {name!r}"
        if len(given) != len(outputs):
            raise ExportError(message(f"{where}: expected {len(outputs)} outputs, got {len(given)}"))
        for index, (ours, theirs) in enumerate(zip(outputs, given, strict=True)):
            _compare(ours, theirs, tolerance, f"{where}, output {index}", expected.repeatable)


def _compare(ours: np.ndarray, theirs: np.ndarray, tolerance: float | None, where: str, repeatable: bool) -> None:
    if ours.shape != theirs.shape:
        raise ExportError(message(f"{where}: expected shape {ours.shape}, got {theirs.shape}", _OTHER))
    if not repeatable or not ours.size:
        return
    if ours.dtype.kind in "USO":
        if [_text(x) for x in ours.ravel()] != [_text(x) for x in theirs.ravel()]:
            raise ExportError(message(f"{where}: other texts than the model's", _OTHER))
        return
    if tolerance is None:
        tolerance = TOLERANCES.get(standardize_dtype(ours.dtype), 0.0)
    wide = np.result_type(ours.dtype, np.float64) if ours.dtype.kind == "c" else np.float64
    ours, theirs = ours.astype(wide), theirs.astype(wide)
    finite = np.isfinite(ours)
    scale = max(1.0, float(np.abs(ours[finite]).max(initial=0.0)))
    if not np.allclose(theirs, ours, rtol=0.0, atol=tolerance * scale, equal_nan=True):
        difference = np.abs(np.where(finite, theirs - ours, np.where(ours == theirs, 0.0, np.inf))).max()
        what = f"{where} differs from the model's by {difference:.3g}, more than {tolerance * scale:.3g}"
        raise ExportError(message(what, _OTHER, "Pass tolerance=... where such a difference is meant."))


_OTHER = "The artifact computes something else than the model."


def _text(x: Any) -> bytes:
    return x if isinstance(x, bytes) else str(x).encode()
