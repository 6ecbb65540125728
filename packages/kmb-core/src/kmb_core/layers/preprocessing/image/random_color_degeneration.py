"""RandomColorDegeneration: a mixture of the image and its grey version."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped, per_image
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.image.colour import rgb_to_grayscale
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomColorDegeneration(PixelLayer):
    """While training, make colours paler or stronger: `clip(image + (grey - image) * factor)`.

    Args:
        factor: the factors are drawn between two numbers from -1 to 1; one stands for from -factor to factor. 1 is
            grey, 0 the image as it is, and below 0 colours get stronger.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`; 3 channels, or 1, which stays as it is.

    Raises:
        ValueError: for another factor or range. ShapeError: for another number of channels.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomColorDegeneration((1.0, 1.0))
        >>> [round(float(v), 2) for v in layer(kmb_core.ops.array([[[100.0, 0.0, 0.0]]]))[0, 0]]
        [29.89, 29.89, 29.89]
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
        self.factor = number_range("factor", factor, None, (-1, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"factor": `(batch, 1, 1, 1)`}; None when not training."""
        if not training:
            return None
        shape = (self._batch_size(data), 1, 1, 1)
        drawn = uniform(shape, *self.factor, self._drawing_dtype, self.generator if seed is None else seed)
        return {"factor": drawn}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each mixed with its grey version."""
        if not training:
            return images
        x = self._as_numbers(images)
        grey = rgb_to_grayscale(x, self.data_format)
        mixed = add(x, multiply(subtract(grey, x), per_image(transformation["factor"], dtype_of(x))))
        return self._as_output(clipped(mixed, self.value_range))
