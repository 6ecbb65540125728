"""Logs that stay on the device until somebody reads them.

Reading a scalar of an accelerator makes the program wait for it. The loop therefore hands callbacks a mapping that
knows how to get the values, not the values: nothing is computed for a callback that looks at none, and each value is
converted once.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np


class Logs(MutableMapping[str, Any]):
    """A mapping from metric names to numbers, filled when it is first read.

    Args:
        source: a mapping of scalars (Python's, NumPy's or a framework's), or a function that returns one; it is
            called at most once, at the first read.
        order: names that come first, in this order; a compiled step may give its logs sorted by name.

    Example:
        >>> import numpy
        >>> logs = Logs(lambda: {"loss": numpy.float32(0.5)})
        >>> logs["loss"], dict(logs)
        (0.5, {'loss': 0.5})
    """

    __slots__ = ("_converted", "_order", "_source", "_values")

    def __init__(
        self, source: Callable[[], Mapping[str, Any]] | Mapping[str, Any], order: Sequence[str] | None = None
    ) -> None:
        self._source = source
        self._order = order
        self._values: dict[str, Any] | None = None
        self._converted: set[str] = set()

    def _filled(self) -> dict[str, Any]:
        if self._values is None:
            source = self._source
            self._values = ordered(flat(source() if callable(source) else source), self._order)
        return self._values

    def __getitem__(self, name: str) -> Any:
        values = self._filled()
        if name not in self._converted:
            values[name] = as_number(values[name])
            self._converted.add(name)
        return values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._filled()[name] = value
        self._converted.discard(name)

    def __delitem__(self, name: str) -> None:
        del self._filled()[name]
        self._converted.discard(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._filled())

    def __len__(self) -> int:
        return len(self._filled())

    def __contains__(self, name: object) -> bool:
        return name in self._filled()

    def copy(self) -> dict[str, Any]:
        """Give all values as Python numbers.

        Returns:
            A new dict.
        """
        return dict(self)

    def __repr__(self) -> str:
        return f"Logs({dict(self)!r})"


def as_number(value: Any) -> Any:
    """Turn a scalar of any framework into a Python float.

    Args:
        value: a number, a scalar tensor, or the array that a metric with several results gives.

    Returns:
        A float; an array where `value` holds more than one number; `value` itself where it is no number.

    Example:
        >>> import numpy
        >>> as_number(numpy.float32(0.25)), as_number("text")
        (0.25, 'text')
    """
    if value is None or isinstance(value, str | float):
        return value
    if getattr(value, "shape", ()) != () and len(value.shape) > 0:
        return np.asarray(value)
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def flat(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, those of a metric with several results in its place.

    Args:
        values: numbers by name, or dicts of them.

    Example:
        >>> flat({"loss": 0.5, "compile_metrics": {"accuracy": 1.0}})
        {'loss': 0.5, 'accuracy': 1.0}
    """
    if not any(isinstance(value, Mapping) for value in values.values()):
        return values
    parts = [dict(value) if isinstance(value, Mapping) else {name: value} for name, value in values.items()]
    return {name: value for part in parts for name, value in part.items()}


def ordered(values: Mapping[str, Any], order: Sequence[str] | None) -> dict[str, Any]:
    """The values, those of the names in `order` first.

    Args:
        values: numbers by name.
        order: names, of which some may be missing; None leaves the values as they are.

    Example:
        >>> ordered({"accuracy": 1.0, "loss": 0.5}, ["loss"])
        {'loss': 0.5, 'accuracy': 1.0}
    """
    if order is None:
        return dict(values)
    first = {name: values[name] for name in order if name in values}
    return {**first, **values}
