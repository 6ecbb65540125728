"""Class numbers that are no class: refused before training, where the targets are arrays in memory.

Inside a step each framework does as it likes with them: torch and TensorFlow raise deep in a kernel, JAX gives NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core.errors import StructureError, message
from kmb_core.losses.crossentropy import sparse_categorical_crossentropy


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
        y: targets, nested; what is no array is left alone.

    Raises:
        StructureError: naming the output, the number and where it stands.
    """
    loss = model._compile_loss
    if y is None or loss is None or not loss.class_numbers:
        return
    targets = [y] if isinstance(y, np.ndarray) else loss.targets_of_outputs(y)
    for expected in loss.class_numbers:
        if isinstance(targets[expected.place], np.ndarray):
            _check(model, expected, targets[expected.place])


def _check(model: Any, expected: ClassNumbers, y: np.ndarray) -> None:
    if not y.size or y.dtype.kind not in "iuf" or (y.min() >= 0 and y.max() < expected.count):
        return
    wrong = (y < 0) | (y >= expected.count)
    if expected.ignored is not None:
        wrong &= y != expected.ignored
    if not wrong.any():
        return
    first: Sequence[int] = tuple(map(int, np.argwhere(wrong)[0]))
    what = (
        f"model {model.name!r}: class {y[tuple(first)]} in the targets of {expected.output!r}, sample {first[0]}; "
        f"expected 0 to {expected.count - 1}"
    )
    cause = f"The output has {expected.count} values, one for each class; {int(wrong.sum())} targets name none of them."
    remedy = f"Give the last layer more units, number the classes from 0, or set ignore_class in {expected.loss!r}."
    raise StructureError(message(what, cause, remedy))
