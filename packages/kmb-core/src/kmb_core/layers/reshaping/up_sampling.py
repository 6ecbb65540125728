"""Upsampling of 1 to 3 spatial axes: elements repeated, images interpolated."""

from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.image.resizing import resize
from kmb_core.ops.manipulation import repeat
from kmb_core.ops.nn.windows import per_axis
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.serialization import saved_as
from kmb_core.settings import standardize_data_format

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class BaseUpSampling(Layer):
    """Spatial axes that get longer; see `UpSampling2D` for the arguments."""

    rank: int
    _keeps_dtype = True

    def __init__(self, size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._times = per_axis(size, self.rank, "size", self._where())
        self.data_format = standardize_data_format(data_format)
        self._first = 2 if self.data_format == "channels_first" else 1
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._needs_no_building()

    def _repeated(self, inputs: Any) -> Any:
        for axis, times in enumerate(self._times, self._first):
            if times > 1:
                inputs = repeat(inputs, times, axis)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with longer spatial axes."""
        sizes = list(input_shape)
        for axis, times in enumerate(self._times, self._first):
            sizes[axis] = None if sizes[axis] is None else sizes[axis] * times
        return tuple(sizes)


@saved_as("keras.layers")
class UpSampling1D(BaseUpSampling):
    """Make one spatial axis longer by whole factors.

    Args:
        size: how often each element is repeated.

    Input and output: `(batch, steps, channels)`.

    Raises:
        ShapeError: for factors that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.UpSampling1D()(kmb_core.ops.ones((1, 6, 2))).shape)
        (1, 12, 2)
    """

    rank = 1
    _unsaved_arguments = frozenset({"data_format"})

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(size, "channels_last", **kwargs)
        self.size = self._times[0]

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self._repeated(inputs)


@saved_as("keras.layers")
class UpSampling2D(BaseUpSampling):
    """Make two spatial axes longer by whole factors.

    Args:
        size: how often each element is repeated; an int or one for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        interpolation: "nearest" for repetition, or "bilinear", "bicubic", "lanczos3", "lanczos5".

    Input and output: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for factors that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.UpSampling2D()(kmb_core.ops.ones((1, 6, 6, 2))).shape)
        (1, 12, 12, 2)
    """

    rank = 2

    def __init__(
        self, size: Any = (2, 2), data_format: str | None = None, interpolation: str = "nearest", **kwargs: Any
    ) -> None:
        super().__init__(size, data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"{self._where()}: interpolation is one of {INTERPOLATIONS}, got {interpolation!r}")
        self.size = self._times

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if self.interpolation == "nearest":
            return self._repeated(inputs)
        sizes = sizes_of(inputs)[self._first : self._first + 2]
        target = tuple(count * size for count, size in zip(self._times, sizes, strict=True))
        return resize(inputs, target, self.interpolation, data_format=self.data_format)


@saved_as("keras.layers")
class UpSampling3D(BaseUpSampling):
    """Make three spatial axes longer by whole factors.

    Args:
        size: how often each element is repeated; an int or one for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for factors that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.UpSampling3D()(kmb_core.ops.ones((1, 6, 6, 6, 2))).shape)
        (1, 12, 12, 12, 2)
    """

    rank = 3

    def __init__(self, size: Any = (2, 2, 2), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(size, data_format, **kwargs)
        self.size = self._times

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self._repeated(inputs)
