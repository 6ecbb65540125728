"""Rescaling: inputs times a scale, plus an offset."""

from typing import Any

import numpy as np

from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.creation import cast
from kmb_core.serialization import deserialize_keras_object, saved_as
from kmb_core.settings import image_data_format


@saved_as("keras.layers")
class Rescaling(DataLayer):
    """Map inputs to `inputs * scale + offset`: images from [0, 255] to [0, 1] with a scale of `1 / 255`.

    Args:
        scale: a number, or one for each channel.
        offset: the same.

    Input and output: tensors of any shape, numbers of any dtype in and floats out.

    Raises:
        ValueError: for a scale or an offset that is no number.

    Example:
        >>> import kmb_core
        >>> y = kmb_core.layers.Rescaling(1 / 127.5, offset=-1.0)([0, 255])
        >>> [round(float(x), 3) for x in y]
        [-1.0, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True
        self._scale = self._numbers("scale", scale)
        self._offset = self._numbers("offset", offset)
        self._needs_no_building()

    def _numbers(self, name: str, value: Any) -> Any:
        """A float, or an array of one number for each channel."""
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{self._where()}: {name} is a number, or one for each channel; got {value!r:.60}")
        return float(array) if array.ndim == 0 else array.astype("float64")

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        x = cast(inputs, self.compute_dtype)
        return add(multiply(x, self._for_channels(self._scale, x)), self._for_channels(self._offset, x))

    def _for_channels(self, value: Any, x: Any) -> Any:
        if isinstance(value, float):
            return value
        channels_first = value.ndim == 1 and len(x.shape) > 2 and image_data_format() == "channels_first"
        return cast(value.reshape(-1, 1, 1) if channels_first else value, self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A layer from what `get_config` gave; arrays among the arguments are read back."""
        config = dict(config)
        for name in ("scale", "offset"):
            if isinstance(config.get(name), dict):
                config[name] = deserialize_keras_object(config[name], custom_objects=custom_objects)
        return super().from_config(config)
