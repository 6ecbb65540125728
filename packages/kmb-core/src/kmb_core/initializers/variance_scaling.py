"""Initializers whose spread follows from the number of inputs and outputs of a unit."""

from collections.abc import Callable, Sequence
from functools import partial
from math import prod, sqrt
from typing import Any, ClassVar

import numpy as np

from kmb_core.errors import ShapeError
from kmb_core.initializers.initializer import RandomInitializer, Shape
from kmb_core.random import threefry

MODES = ("fan_in", "fan_out", "fan_avg")
DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")

# The standard deviation of a standard normal distribution that is cut off at -2 and 2:
# sqrt(1 - 2 * 2 * pdf(2) / (1 - 2 * cdf(-2))).
_STDDEV_AFTER_CUT = 0.8796256610342398


class VarianceScaling(RandomInitializer):
    """Draws with variance `scale / fan`, so that signals keep their size from layer to layer.

    Args:
        scale: the factor, above 0.
        mode: the fan: "fan_in", "fan_out" or "fan_avg", their mean.
        distribution: "truncated_normal" (or "normal"), "untruncated_normal" or "uniform".
        seed: an integer, a seed generator or None.
        input_axes: the axes of the shape that are inputs; with `output_axes`, for kernels of several of them.
        output_axes: the axes of the shape that are outputs.

    Raises:
        ValueError: where an argument is none of these.

    Example:
        >>> values = VarianceScaling(2.0, "fan_in", "uniform", seed=1).sample((6, 4), "float32")
        >>> bool((abs(values) <= 1.0).all())
        True
    """

    arguments: ClassVar[tuple[str, ...]] = ("scale", "mode", "distribution", "input_axes", "output_axes")

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        if not scale > 0:
            raise ValueError(f"{type(self).__name__}: expected a scale above 0, got {scale!r:.60}.")
        self.scale = scale
        self.mode = _one_of("mode", mode, MODES)
        named = "truncated_normal" if distribution == "normal" else distribution
        self.distribution = _one_of("distribution", named, DISTRIBUTIONS)
        self.input_axes, self.output_axes = input_axes, output_axes

    def plan(self, shape: Shape, dtype: str) -> Callable[[], np.ndarray]:
        """Return what works out the values."""
        variance = self.scale / max(1.0, self._fan(shape))
        if self.distribution == "uniform":
            limit = sqrt(3.0 * variance)
            return partial(threefry.uniform, self.key(), shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return partial(threefry.normal, self.key(), shape, 0.0, sqrt(variance), dtype)
        stddev = sqrt(variance) / _STDDEV_AFTER_CUT
        return partial(threefry.truncated_normal, self.key(), shape, 0.0, stddev, dtype)

    def _fan(self, shape: Shape) -> float:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]


def _one_of(what: str, value: object, choices: tuple[str, ...]) -> str:
    name = str(value).lower()
    if name not in choices:
        raise ValueError(f"VarianceScaling: expected a {what} out of {', '.join(choices)}; got {value!r:.60}.")
    return name


def compute_fans(
    shape: Shape, input_axes: Sequence[int] | None = None, output_axes: Sequence[int] | None = None
) -> tuple[int, int]:
    """Return how many inputs reach a unit of a kernel, and how many outputs an input reaches.

    Args:
        shape: `(inputs, outputs)`, or `(*window, inputs, outputs)` of a convolution, whose window multiplies both.
        input_axes: the axes that are inputs; only together with `output_axes`.
        output_axes: the axes that are outputs.

    Raises:
        ShapeError: where the shape has no such axis.

    Example:
        >>> compute_fans((3, 3, 16, 32))
        (144, 288)
    """
    if input_axes is not None and output_axes is not None:
        return _size(shape, input_axes), _size(shape, output_axes)
    if len(shape) < 2:
        return prod(shape), prod(shape)
    window = prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _size(shape: Shape, axes: Sequence[int] | int) -> int:
    chosen = (axes,) if isinstance(axes, int) else axes
    try:
        return prod(shape[axis] for axis in chosen)
    except IndexError:
        raise ShapeError(f"VarianceScaling: axes {tuple(chosen)} do not all exist in shape {shape}.") from None


class _Preset(VarianceScaling):
    """A VarianceScaling whose scale, mode and distribution have a name."""

    arguments = ("input_axes", "output_axes")
    _preset: tuple[float, str, str]

    def __init__(
        self,
        seed: Any = None,
        input_axes: Sequence[int] | None = None,
        output_axes: Sequence[int] | None = None,
    ) -> None:
        super().__init__(*self._preset, seed=seed, input_axes=input_axes, output_axes=output_axes)


class GlorotUniform(_Preset):
    """Uniform with variance `2 / (fan_in + fan_out)`: Glorot and Bengio, AISTATS 2010, formula 16."""

    _preset = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Preset):
    """Truncated normal with variance `2 / (fan_in + fan_out)`: Glorot and Bengio, AISTATS 2010."""

    _preset = (1.0, "fan_avg", "truncated_normal")


class HeNormal(_Preset):
    """Truncated normal with variance `2 / fan_in`, for rectified units: He et al. 2015, arXiv:1502.01852."""

    _preset = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Preset):
    """Uniform with variance `2 / fan_in`, for rectified units: He et al. 2015, arXiv:1502.01852."""

    _preset = (2.0, "fan_in", "uniform")


class LecunNormal(_Preset):
    """Truncated normal with variance `1 / fan_in`: LeCun et al., "Efficient BackProp", 1998; for SELU."""

    _preset = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Preset):
    """Uniform with variance `1 / fan_in`: LeCun et al., "Efficient BackProp", 1998."""

    _preset = (1.0, "fan_in", "uniform")
