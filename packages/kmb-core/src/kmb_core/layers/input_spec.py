"""InputSpec: what a layer expects of its inputs, checked before every call.

A layer's spec is compiled once into a function, because the check is on the hot path.
"""

from collections.abc import Callable
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.shapes import standardize_shape


class InputSpec:
    """What one input of a layer must be like.

    Args:
        dtype: name of the expected dtype.
        shape: expected sizes; None where any will do.
        ndim, max_ndim, min_ndim: exact, greatest and least number of axes.
        axes: {axis: size} for single axes.
        allow_last_axis_squeeze: accept inputs that lack, or have beyond, a last axis of size 1.
        name: key of the input when a layer takes a dict.
        optional: accept None.

    Example:
        >>> import kmb_core
        >>> kmb_core.InputSpec(min_ndim=2, axes={-1: 8})
        InputSpec(min_ndim=2, axes={-1: 8})
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = _checked_axes(axes, self.ndim, max_ndim)
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def __repr__(self) -> str:
        shown = {k: v for k, v in self.__dict__.items() if v not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {key: getattr(self, key) for key in ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InputSpec":
        """A spec from `get_config`."""
        return cls(**config)

    def problem(self, x: Any) -> str | None:
        """What is wrong with a tensor, as "expected …, got …"; None when it fits."""
        shape = tuple(x.shape)
        expected = self._shape_problem(shape)
        if expected is not None:
            return f"{expected}, got shape {shape}"
        if self.dtype is not None and dtype_of(x) != self.dtype:
            return f"expected dtype {self.dtype}, got {dtype_of(x)}"
        return None

    def _shape_problem(self, shape: tuple[int | None, ...]) -> str | None:
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self._squeezable(shape):
            return f"expected {self.ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected at least {self.min_ndim} axes"
        for axis, size in self.axes.items():
            if size is not None and -rank <= axis < rank and shape[axis] not in (size, None):
                return f"expected axis {axis} to have size {size}"
        if self.shape is None or rank != len(self.shape):
            return None
        differs = any(None not in (e, g) and e != g for e, g in zip(self.shape, shape, strict=True))
        return f"expected shape {self.shape}" if differs else None

    def _squeezable(self, shape: tuple[int | None, ...]) -> bool:
        if not self.allow_last_axis_squeeze or self.shape is None:
            return False
        longer, shorter = (shape, self.shape) if len(shape) > len(self.shape) else (self.shape, shape)
        return len(longer) == len(shorter) + 1 and longer[-1] == 1


def _checked_axes(axes: Any, ndim: int | None, max_ndim: int | None) -> dict[int, int]:
    try:
        checked = {int(axis): size for axis, size in (axes or {}).items()}
    except (TypeError, ValueError, AttributeError):
        raise TypeError(f"InputSpec: axes is a dict of int to size, got {axes!r}") from None
    limit = ndim if ndim is not None else max_ndim
    if checked and limit is not None and max(checked) >= limit:
        raise ValueError(f"InputSpec: axis {max(checked)} is out of range for {limit} axes")
    return checked


def compiled_check(spec: Any) -> Callable[[Any], bool] | None:
    """A quick test of one tensor's shape against a spec; None when the spec says nothing.

    False means: look again with `check_inputs`, which knows the exact rules and the message.
    """
    if spec is None:
        return None
    if not isinstance(spec, InputSpec) or spec.dtype is not None or spec.max_ndim is not None:
        return lambda shape: False
    if spec.shape is not None:
        return _shape_check(spec.shape)
    ndim, minimum, axes = spec.ndim, spec.min_ndim or 0, tuple(spec.axes.items())
    if len(axes) > 1:
        return lambda shape: False
    axis, size = axes[0] if axes else (0, None)

    def fits(shape: Any) -> bool:
        rank = len(shape)
        return (rank >= minimum if ndim is None else rank == ndim) and (size is None or shape[axis] == size)

    return fits


def _shape_check(expected: tuple[int | None, ...]) -> Callable[[Any], bool]:
    rest, rank = expected[1:], len(expected)
    if rank and expected[0] is None and None not in rest:
        return lambda shape: shape[1:] == rest and len(shape) == rank
    known = [(axis, size) for axis, size in enumerate(expected) if size is not None]
    return lambda shape: len(shape) == rank and all(shape[axis] == size for axis, size in known)


def check_inputs(spec: Any, inputs: Any, where: Callable[[], str]) -> None:
    """Compare inputs with a spec or a nested structure of specs; `where` names the layer, should an error need it.

    Raises:
        ShapeError, DTypeError: saying where, expected and got.
    """
    for single, value, position in _pairs(spec, inputs, where):
        if single is None or (value is None and single.optional):
            continue
        if not hasattr(value, "shape"):
            raise DTypeError(message(f"{where()}: expected a tensor{position}, got {type(value).__name__}"))
        problem = single.problem(value)
        if problem is not None:
            error = DTypeError if "dtype" in problem else ShapeError
            cause = "The layer was built for other inputs, or an axis is missing (often the batch axis)."
            raise error(message(f"{where()}: {problem}{position}", cause, "Compare with the layer's `input_spec`."))


def _pairs(spec: Any, inputs: Any, where: Callable[[], str]) -> list[tuple[InputSpec | None, Any, str]]:
    if isinstance(spec, InputSpec):
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            inputs = inputs[0]
        return [(spec, inputs, "")]
    if isinstance(inputs, dict):
        specs = spec if isinstance(spec, dict) else {s.name: s for s in spec}
        return [(specs.get(name), value, f" for {name!r}") for name, value in inputs.items()]
    given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    specs = list(spec.values()) if isinstance(spec, dict) else list(spec)
    if len(specs) != len(given):
        raise ShapeError(message(f"{where()}: expected {len(specs)} inputs, got {len(given)}"))
    return [
        (s, value, f" for input {index if s is None or s.name is None else repr(s.name)}")
        for index, (s, value) in enumerate(zip(specs, given, strict=True))
    ]
