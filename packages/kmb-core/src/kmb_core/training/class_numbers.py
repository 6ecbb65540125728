"""Class numbers that are no class: arrays in memory are refused before training, a stream's batch before its step.

Inside a step each framework does as it likes with them: torch and TensorFlow raise deep in a kernel, JAX gives NaN.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.data.structure import holds_numbers
from kmb_core.errors import StructureError, message
from kmb_core.losses.crossentropy import sparse_categorical_crossentropy
from kmb_core.training.batches import unpack_x_y_sample_weight

_HOST = 1  # DLPack's number of a device whose memory NumPy reads without a copy


@dataclass(frozen=True)
class ClassNumbers:
    """What the targets of one output may be: 0 to `count` - 1, and the number that its loss ignores."""

    place: int  # of the output, in flat order
    output: str
    loss: str
    count: int
    ignored: int | None


def class_numbers(place: int, output: str, loss: Any, y_pred: Any) -> ClassNumbers | None:
    """What the targets of an output may be; None where its loss takes no class numbers."""
    if getattr(loss, "fn", None) is not sparse_categorical_crossentropy:
        return None
    settings = loss._fn_kwargs
    count = y_pred.shape[settings.get("axis", -1)]
    return None if count is None else ClassNumbers(place, output, loss.name, count, settings.get("ignore_class"))


def check_class_numbers(model: Any, y: Any) -> None:
    """Refuse arrays of targets with numbers that are no class.

    Args:
        model: a model whose compiled loss is built.
        y: targets, nested; what is no array on the host is left alone.

    Raises:
        StructureError: naming the output, the number and where it stands.
    """
    if y is not None and _takes_class_numbers(model):
        _check_targets(model, y, "")


def checked_class_numbers(model: Any, batches: Iterable[Any]) -> Iterator[Any]:
    """Hand on the batches of a stream, each looked at first.

    Raises:
        StructureError: as `check_class_numbers`, with the number of the batch.
    """
    return _checked(model, batches) if _takes_class_numbers(model) else iter(batches)


def _checked(model: Any, batches: Iterable[Any]) -> Iterator[Any]:
    for number, batch in enumerate(batches):
        y = unpack_x_y_sample_weight(batch)[1]
        if y is not None:
            _check_targets(model, y, f"batch {number}, ")
        yield batch


def _takes_class_numbers(model: Any) -> bool:
    return model._compile_loss is not None and bool(model._compile_loss.class_numbers)


def _check_targets(model: Any, y: Any, batch: str) -> None:
    loss = model._compile_loss
    if isinstance(y, list) and holds_numbers(y):
        y = np.asarray(y)
    targets = [y] if hasattr(y, "shape") else loss.targets_of_outputs(y)
    for expected in loss.class_numbers:
        array = _on_host(targets[expected.place])
        if array is not None:
            _check(model, expected, array, batch)


def _on_host(x: Any) -> np.ndarray | None:
    """The values, where looking at them waits for no device."""
    if isinstance(x, np.ndarray):
        return x
    device = getattr(x, "__dlpack_device__", None)
    return np.asarray(x) if device is not None and device()[0] == _HOST else None


def _check(model: Any, expected: ClassNumbers, y: np.ndarray, batch: str) -> None:
    if not y.size or y.dtype.kind not in "iuf" or (y.min() >= 0 and y.max() < expected.count):
        return
    wrong = ~((y >= 0) & (y < expected.count))  # NaN too
    if expected.ignored is not None:
        wrong &= y != expected.ignored
    if not wrong.any():
        return
    first: Sequence[int] = tuple(map(int, np.argwhere(wrong)[0]))
    what = (
        f"model {model.name!r}: class {y[tuple(first)]} in the targets of {expected.output!r}, "
        f"{batch}sample {first[0]}; expected 0 to {expected.count - 1}"
    )
    cause = f"The output has {expected.count} values, one for each class; {int(wrong.sum())} targets name none of them."
    remedy = f"Give the last layer more units, number the classes from 0, or set ignore_class in {expected.loss!r}."
    raise StructureError(message(what, cause, remedy))
