"""`compare_backends`: one model, one batch, several backends, and the first layer whose outputs differ.

Rounding differs everywhere, so outputs are held against a tolerance that fits their dtype. Layers behind the first one
that differs get other inputs, and their differences say little of themselves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import use_backend
from kmb_core.backend.foreign import array_of, is_foreign
from kmb_core.comparison.recording import Recorded, recording
from kmb_core.errors import BackendError, BackendNotInstalledError, message
from kmb_core.plugins import installed_backends
from kmb_core.saving.model_file import model_to_dict
from kmb_core.training.shown import Shown

# Of the largest value of an output. float64 becomes float32 where a framework has no more.
TOLERANCES = {"float16": 1e-2, "bfloat16": 5e-2, "float32": 1e-4, "float64": 1e-4}
SMALLEST_SCALE = 1e-3  # what is left of a sum that cancels out is no output to measure rounding by


@dataclass(frozen=True)
class Difference:
    """How far the outputs of one layer or op lie apart on two backends.

    Attributes:
        largest: largest absolute difference of two values; infinite for other shapes, or NaN on one side.
        relative: the same over the largest value.
        differs: whether that is more than rounding.
    """

    largest: float
    relative: float
    differs: bool


@dataclass(frozen=True)
class LayerDifferences:
    """One call of a layer or op.

    Attributes:
        layer: its path of names, "encoder/dense".
        kind: its class, or the op's name.
        shape: of its (first) output.
        dtype: of its (first) output.
        on: the difference to each backend on which the call was seen, by name.
    """

    layer: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    on: Mapping[str, Difference]

    @property
    def differs(self) -> bool:
        """Whether it does on any backend."""
        return any(difference.differs for difference in self.on.values())


@dataclass(repr=False)
class Differences(Shown):
    """What `compare_backends` found; printing it draws a table.

    Attributes:
        model: the model's name.
        reference: the backend that the others were held against, the model's own.
        backends: the others.
        layers: the calls in the order in which they ran.
        errors: what kept a backend from running the model, by its name.
    """

    model: str
    reference: str
    backends: list[str]
    layers: list[LayerDifferences] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def first(self) -> LayerDifferences | None:
        """The first call whose outputs differ; None where all agree."""
        return next((layer for layer in self.layers if layer.differs), None)

    @property
    def agrees(self) -> bool:
        """Whether every backend ran the model and gave the same."""
        return self.first is None and not self.errors

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(title=f"{self.model}: largest difference from {self.reference}", title_justify="left")
        table.add_column("layer or op", overflow="fold")
        table.add_column("output", no_wrap=True)
        for name in self.backends:
            table.add_column(name, justify="right", no_wrap=True)
        first = self.first
        for row in self.layers:
            cells = [_cell(row.on.get(name)) for name in self.backends]
            shape = Text(f"{row.dtype}{list(row.shape)}")
            table.add_row(Text(f"{row.layer} ({row.kind})"), shape, *cells, style="bold" if row is first else "")
        return Group(table, *(Text(line, style) for line, style in self._verdict()))

    def _verdict(self) -> list[tuple[str, str]]:
        first = self.first
        lines = [(f"{name}: {error}", "red") for name, error in self.errors.items()]
        if first is not None:
            apart = ", ".join(f"{d.largest:.1e} on {name}" for name, d in first.on.items() if d.differs)
            lines.append((f"The first to differ is {first.layer!r} ({first.kind}), by {apart}.", "red"))
        elif self.layers:
            compared = [name for name in self.backends if name not in self.errors]
            lines.append((f"{', '.join([self.reference, *compared])} agree in all {len(self.layers)} outputs.", ""))
        return lines


def compare_backends(
    model: Any, x: Any, backends: Iterable[str] | None = None, tolerance: float | None = None
) -> Differences:
    """Run a model on several backends and find the first layer whose outputs differ.

    The model is copied to each backend with its weights, and runs there eagerly and for inference.

    Args:
        model: a model.
        x: one batch of inputs, nested as the model takes them.
        backends: names; all other installed ones when None.
        tolerance: largest difference that counts as rounding, as a share of an output's largest value; by dtype when
            None: 1e-4, for float16 1e-2 and for bfloat16 5e-2. Integers have to be equal.

    Returns:
        A `Differences`: `first` is the first layer or op that differs, `layers` are all of them.

    Raises:
        BackendNotInstalledError: where no other backend is installed.
        ValueError: where the model cannot be copied; see `Model.to_backend`.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> from kmb_core.comparison.differences import compare_backends
        >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(3, name="only")])
        >>> found = compare_backends(model, np.ones((1, 2)), backends=[kmb_core.config.backend()])
        >>> found.agrees, found.layers[0].layer, found.layers[0].shape
        (True, 'only', (1, 3))
    """
    own = model._backend.name
    names = sorted(set(installed_backends()) - {own}) if backends is None else list(backends)
    if not names:
        what = f"compare_backends: {own} is the only backend that is installed"
        raise BackendNotInstalledError(message(what, None, "pip install kmb-core[jax], kmb-core[torch] or another."))
    model_to_dict(model)  # what cannot be described is an error of the model's, and of no backend
    x = tree.map_structure(lambda leaf: array_of(leaf) if is_foreign(leaf) else leaf, x)
    expected = _outputs_of(model, x)
    found = Differences(model.name, own, names)
    seen: dict[str, dict[tuple[str, int], Recorded]] = {}
    for name in names:
        try:
            seen[name] = {recorded.key: recorded for recorded in _outputs_of(model.to_backend(name), x)}
        except BackendError:  # an unknown name is the caller's mistake
            raise
        except Exception as error:  # whatever a framework raises is what this is there to show
            found.errors[name] = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
    for recorded in expected:
        on = {
            name: _difference(recorded.outputs, calls[recorded.key].outputs, tolerance)
            for name, calls in seen.items()
            if recorded.key in calls
        }
        if on and recorded.outputs:
            first = recorded.outputs[0]
            found.layers.append(LayerDifferences(recorded.layer, recorded.kind, first.shape, first.dtype.name, on))
    return found


def _outputs_of(model: Any, x: Any) -> list[Recorded]:
    takes_training = model._call_takes_training()
    with use_backend(model._backend):
        if not model.built:
            model(x, training=False) if takes_training else model(x)
        with recording(model) as recorded:
            model(x, training=False) if takes_training else model(x)
    return recorded


def _difference(expected: list[np.ndarray], got: list[np.ndarray], tolerance: float | None) -> Difference:
    if [x.shape for x in expected] != [x.shape for x in got]:
        return Difference(np.inf, np.inf, True)
    parts = [_of_arrays(a, b, tolerance) for a, b in zip(expected, got, strict=True)]
    largest, relative = (max((p[i] for p in parts), default=0.0) for i in (0, 1))
    return Difference(float(largest), float(relative), any(part[2] for part in parts))


def _of_arrays(expected: np.ndarray, got: np.ndarray, tolerance: float | None) -> tuple[float, float, bool]:
    """(largest difference, the same over the largest value, whether it is more than rounding)"""
    if not expected.size:
        return 0.0, 0.0, False
    if expected.dtype.kind in "OSU" or got.dtype.kind in "OSU":
        apart = not np.array_equal(_text(expected), _text(got))
        return (np.inf, np.inf, True) if apart else (0.0, 0.0, False)
    rounds = _is_rounded(expected)
    wide = "complex128" if "c" in (expected.dtype.kind, got.dtype.kind) else "float64"
    a, b = expected.astype(wide), got.astype(wide)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    with np.errstate(invalid="ignore"):
        apart = np.where(same, 0.0, np.abs(a - b))
    largest = float(np.max(np.where(np.isnan(apart), np.inf, apart)))
    finite = np.abs(a[np.isfinite(a)])
    relative = largest / max(float(finite.max()) if finite.size else 0.0, SMALLEST_SCALE)
    limit = tolerance if tolerance is not None else TOLERANCES.get(expected.dtype.name, 1e-4)
    return largest, relative, relative > limit if rounds else largest > 0


def _text(array: np.ndarray) -> np.ndarray:
    texts = [x.decode("utf-8", "replace") if isinstance(x, bytes) else str(x) for x in array.ravel().tolist()]
    return np.array(texts)


def _is_rounded(array: np.ndarray) -> bool:
    return array.dtype.kind not in "biu"


def _cell(difference: Difference | None) -> Any:
    from rich.text import Text

    if difference is None:
        return Text("–", style="dim")
    return Text(f"{difference.largest:.1e}" if difference.largest else "0", style="red" if difference.differs else "")
