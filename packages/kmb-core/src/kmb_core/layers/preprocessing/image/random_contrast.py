"""RandomContrast: pixels moved away from their channel's mean, or towards it."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped, per_image
from kmb_core.ops.arithmetic import add, multiply, subtract
from kmb_core.ops.reduction import mean
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomContrast(PixelLayer):
    """While training, change the contrast of each image: `clip((image - mean) * factor + mean)`, by channels.

    Args:
        factor: two numbers, below and above: the factor is drawn from `1 - below` to `1 + above`; one number stands for
            0 below and that above.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomContrast((-1.0, 1.0), value_range=(0, 8))  # from 2 to 2
        >>> [float(v) for v in layer(kmb_core.ops.array([[[3.0], [5.0]]]))[0, :, 0]]
        [2.0, 6.0]
    """

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"contrast_factor": `(batch, 1, 1, 1)`, or `(1, 1, 1)` for one image}; None when not training."""
        if not training:
            return None
        low, high = sorted((1.0 - self.factor[0], 1.0 + self.factor[1]))
        shape = self._per_image_shape(data)
        drawn = uniform(shape, low, high, self._drawing_dtype, self.generator if seed is None else seed)
        return {"contrast_factor": drawn}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each with its contrast."""
        if not training:
            return images
        x = self._as_numbers(images)
        middle = mean(x, (self.height_axis, self.width_axis), keepdims=True)
        factor = per_image(transformation["contrast_factor"], dtype_of(x))
        return self._as_output(clipped(add(multiply(subtract(x, middle), factor), middle), self.value_range))
