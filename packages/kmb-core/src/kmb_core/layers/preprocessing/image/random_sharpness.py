"""RandomSharpness: images smoothed, or the opposite."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped, per_image
from kmb_core.layers.preprocessing.image.windows import weighted_line
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomSharpness(PixelLayer):
    """While training, smooth each image or sharpen it: `clip(smooth + (image - smooth) * 2 * factor)`.

    `smooth` is the mean of the 3 by 3 pixels around each one, where the pixel itself weighs 5 and the others 1; what
    lies outside of the image is 0.

    Args:
        factor: the factors are drawn between two numbers from 0 to 1; one stands for from 0 to that. 0 is smooth, 0.5
            the image as it is, and 1 sharp.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomSharpness((0.0, 0.0))
        >>> float(layer(13 * kmb_core.ops.ones((1, 2, 1)))[0, 0, 0])
        6.0
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"factor": `(batch,)`}; None when not training."""
        if not training:
            return None
        shape = (self._batch_size(data),)
        drawn = uniform(shape, *self.factor, self._drawing_dtype, self.generator if seed is None else seed)
        return {"factor": drawn}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each with its sharpness."""
        if not training:
            return images
        x = self._as_numbers(images)
        # The window is one of ones, which is a product of two lines, and 4 more for the pixel itself.
        ones = (1.0, 1.0, 1.0)
        around = weighted_line(weighted_line(x, self.width_axis, ones), self.height_axis, ones)
        smooth = multiply(add(around, multiply(x, 4.0)), 1.0 / 13.0)
        factor = per_image(transformation["factor"], dtype_of(x))
        mixed = add(smooth, multiply(subtract(x, smooth), multiply(factor, 2.0)))
        return self._as_output(clipped(mixed, self.value_range))
