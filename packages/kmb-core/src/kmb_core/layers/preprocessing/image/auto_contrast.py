"""AutoContrast: each channel stretched over the whole range."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import BYTES, rescaled
from kmb_core.ops.arithmetic import multiply, subtract, true_divide
from kmb_core.ops.comparison import greater, where
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import min as smallest
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class AutoContrast(PixelLayer):
    """Stretch each channel of each image over the value range: its darkest pixel becomes the lowest value, and its
    brightest the highest. Channels of one value stay as they are.

    Args:
        value_range: the lowest and the highest value of a pixel.

    Input and output: see `ImageLayer`. It works in the same way whether the model is trained or not.

    Raises:
        ValueError: for another range.

    Example:
        >>> import kmb_core
        >>> images = kmb_core.ops.array([[[[20.0], [30.0], [40.0]]]])
        >>> [float(v) for v in kmb_core.layers.AutoContrast()(images)[0, 0, :, 0]]
        [0.0, 127.5, 255.0]
    """

    def __init__(self, value_range: Any = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = pixel_range(value_range, self._where())
        self._needs_no_building()

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each stretched."""
        x = rescaled(self._as_numbers(images), self.value_range, BYTES)
        axes = (self.height_axis, self.width_axis)
        low = smallest(x, axes, keepdims=True)
        spread = subtract(largest(x, axes, keepdims=True), low)
        varied = greater(spread, 0.0)
        stretched = multiply(subtract(x, low), true_divide(255.0, where(varied, spread, 1.0)))
        return self._as_output(rescaled(where(varied, stretched, x), BYTES, self.value_range))
