"""Normalization: inputs shifted and scaled to mean 0 and variance 1, which `adapt` finds in data."""

import warnings
from typing import Any

import numpy as np

from kmb_core.errors import ShapeError, message
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.layers.preprocessing.learning import as_array, batches, has_batches_of_rows
from kmb_core.ops.arithmetic import add, divide, multiply, subtract
from kmb_core.ops.creation import cast
from kmb_core.serialization import saved_as
from kmb_core.settings import epsilon


@saved_as("keras.layers")
class Normalization(DataLayer):
    """Map inputs to `(inputs - mean) / sqrt(variance)`.

    Args:
        axis: an axis, several, or None: the inputs have a mean and a variance of their own along these, one for each
            element; None for a single one of all.
        mean: given beforehand, a number or an array that fits along the axes; `adapt` finds it when None.
        variance: the same; both are given or neither.
        invert: map outputs back to inputs.

    Input and output: tensors of any shape, numbers of any dtype in and floats out. A variance of 0 counts as the
    smallest number that can be divided by.

    Raises:
        ValueError: where only one of mean and variance is given, or a variance is negative.
        ShapeError: for an axis that the inputs do not have, or one whose size is not known.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.Normalization()
        >>> layer.adapt([[0.0, 10.0], [2.0, 30.0]])
        >>> [[float(v) for v in row] for row in layer([[2.0, 20.0]])]
        [[1.0, 0.0]]
    """

    def __init__(
        self, axis: Any = -1, mean: Any = None, variance: Any = None, invert: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.axis = () if axis is None else tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
        if not all(isinstance(number, (int, np.integer)) for number in self.axis):
            raise ValueError(f"{self._where()}: axis is a whole number, several or None; got {axis!r}")
        if (mean is None) != (variance is None):
            raise ValueError(f"{self._where()}: mean and variance are given together, got {mean!r} and {variance!r}")
        self.input_mean, self.input_variance = mean, variance
        if variance is not None and np.any(np.asarray(variance) < 0):
            raise ValueError(f"{self._where()}: a variance is not negative, got {variance!r:.60}")
        self.invert = invert
        self.supports_masking = True
        self.mean: Any = None
        self.variance: Any = None

    def build(self, input_shape: Any) -> None:
        """Make the variables that hold mean and variance, unless these were given."""
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in self.axis):
            what = f"{self._where()}: axis {self.axis} is not one of the {rank} axes of inputs of shape {input_shape}"
            raise ShapeError(message(what))
        self._kept = tuple(sorted(axis % rank for axis in self.axis))
        for axis in self._kept:
            if input_shape[axis] is None:
                what = f"{self._where()}: the size of axis {axis} is not known, inputs have shape {input_shape}"
                raise ShapeError(message(what, "It has a mean and a variance for each element there.", None))
        own = tuple(input_shape[axis] for axis in self._kept)
        self._broadcast = tuple(input_shape[axis] if axis in self._kept else 1 for axis in range(rank))
        self._rank = rank
        if self.input_mean is None:
            self.adapt_mean = self._state("mean", own, "zeros")
            self.adapt_variance = self._state("variance", own, "ones")
            self.count = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False, name="count")
            self.finalize_state()
        else:
            self.mean = self._given("mean", self.input_mean, own)
            self.variance = self._given("variance", self.input_variance, own)

    def _state(self, name: str, shape: tuple[int, ...], initializer: str) -> Any:
        return self.add_weight(shape=shape, initializer=initializer, trainable=False, name=name)

    def _given(self, name: str, value: Any, own: tuple[int, ...]) -> np.ndarray:
        array = as_array(value).astype("float64")
        try:
            return np.broadcast_to(array, own).reshape(self._broadcast)
        except ValueError:
            pass
        try:
            return np.broadcast_to(array, self._broadcast)
        except ValueError:
            what = f"{self._where()}: {name} fits along axis {self.axis}, of shape {own}; got shape {array.shape}"
            raise ShapeError(message(what)) from None

    def adapt(self, data: Any) -> None:
        """Find mean and variance in data; earlier data is forgotten.

        Args:
            data: an array or tensor, or what gives batches: a dataset, a loader, a generator.

        Raises:
            ValueError: where mean and variance were given, or there is no data.
            ShapeError: where the data does not fit the inputs that the layer was built for.
        """
        if self.input_mean is not None:
            raise ValueError(f"{self._where()}: adapt: mean and variance were given, there is nothing to find")
        total = _Moments()
        rows = has_batches_of_rows(data)
        for batch in batches(data, self._where()):
            array = as_array(batch)
            if array.dtype.kind not in "fiub":
                raise ValueError(f"{self._where()}: adapt: expected numbers, got an array of dtype {array.dtype}")
            array = array if rows else array[None]
            self._fit_to(array.shape)
            total.add(array, tuple(axis for axis in range(array.ndim) if axis not in self._kept))
        if not total.count:
            raise ValueError(f"{self._where()}: adapt: there is no data")
        if np.isnan(total.mean).any():
            what = f"{self._where()}: adapt: the data holds NaN, and so do mean and variance"
            warnings.warn(message(what, None, "Fill or leave out what is missing."), stacklevel=2)
        self.adapt_mean.assign(total.mean.astype(self.variable_dtype))
        self.adapt_variance.assign(total.variance.astype(self.variable_dtype))
        self.finalize_state()

    def _fit_to(self, shape: tuple[int, ...]) -> None:
        if not self.built:
            self.build(shape)
        fits = len(shape) == self._rank and all(shape[axis] == self._broadcast[axis] for axis in self._kept)
        if not fits:
            what = f"{self._where()}: adapt: data of shape {shape} does not fit inputs of shape {self._build_shapes}"
            raise ShapeError(message(what, "It was built, or adapted, for others.", "Make a new layer for these."))

    def finalize_state(self) -> None:
        """Take mean and variance over from the variables."""
        if self.input_mean is None and self.built | hasattr(self, "adapt_mean"):
            self.mean = self.adapt_mean.numpy().reshape(self._broadcast)
            self.variance = self.adapt_variance.numpy().reshape(self._broadcast)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        dtype = self.compute_dtype
        x = cast(inputs, dtype)
        mean = cast(np.asarray(self.mean, "float64"), dtype)
        smallest = epsilon()
        scale = cast(np.maximum(np.sqrt(np.asarray(self.variance, "float64")), smallest), dtype)
        return add(mean, multiply(x, scale)) if self.invert else divide(subtract(x, mean), scale)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape

    def load_own_variables(self, store: Any) -> None:
        """Take mean and variance out of a file."""
        super().load_own_variables(store)
        self.finalize_state()

    def set_weights(self, weights: Any) -> None:
        """Set mean, variance and count."""
        super().set_weights(weights)
        self.finalize_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; what `adapt` found is in the weights."""
        config = super().get_config()
        return {
            **config,
            "axis": list(self.axis),
            "mean": _plain(self.input_mean),
            "variance": _plain(self.input_variance),
        }

    def get_build_config(self) -> dict[str, Any] | None:
        """The shape that it was built for."""
        return None if self._build_shapes is None else {"input_shape": self._build_shapes}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build it for that shape."""
        if config and config.get("input_shape") is not None and not self.built:
            self.build(tuple(config["input_shape"]))


class _Moments:
    """Mean and variance of batches that come one after the other (Chan, Golub and LeVeque, 1979)."""

    def __init__(self) -> None:
        self.count = 0
        self.mean: Any = 0.0
        self.variance: Any = 0.0

    def add(self, batch: np.ndarray, axes: tuple[int, ...]) -> None:
        count = int(np.prod([batch.shape[axis] for axis in axes]))
        if not count or not batch.size:
            return
        wide = batch.astype("float64")
        mean, variance = wide.mean(axes), wide.var(axes)
        share = count / (self.count + count)
        moved = mean - self.mean
        self.mean = self.mean + share * moved
        self.variance = (1 - share) * self.variance + share * variance + share * (1 - share) * moved**2
        self.count += count


def _plain(value: Any) -> Any:
    return None if value is None else as_array(value).astype("float64").tolist()
