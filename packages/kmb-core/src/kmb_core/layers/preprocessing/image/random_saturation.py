"""RandomSaturation: paler or stronger colours."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.colour_circle import UNIT, with_hsv
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped, per_image
from kmb_core.ops.arithmetic import maximum, multiply, subtract, true_divide
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as

_SMALLEST = 1e-7  # what is left of a whole share, so that the strongest colours have a number


@saved_as("keras.layers")
class RandomSaturation(PixelLayer):
    """While training, multiply the saturation of each image, as hue, saturation and value, by `share / (1 - share)`.

    Args:
        factor: the share is drawn between two numbers from -1 to 1; one stands for from -factor to factor. 0.5 keeps
            the image as it is, less makes it paler, 0 and below grey, and 1 gives the strongest colours.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`; 3 channels.

    Raises:
        ValueError: for another factor or range. ShapeError: for another number of channels.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomSaturation((0.0, 0.0))
        >>> [float(v) for v in layer(kmb_core.ops.array([[[255.0, 0.0, 51.0]]]))[0, 0]]
        [255.0, 255.0, 255.0]
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
        """{"factor": what saturations are multiplied by, `(batch,)`}; None when not training."""
        if not training:
            return None
        shape, seed = (self._batch_size(data),), self.generator if seed is None else seed
        share = uniform(shape, *self.factor, self._drawing_dtype, seed)
        return {"factor": true_divide(share, maximum(subtract(1.0, share), _SMALLEST))}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each with its saturation."""
        if not training:
            return images
        x = self._as_numbers(images)
        factor = per_image(transformation["factor"], dtype_of(x))

        def saturated(hue: Any, saturation: Any, value: Any) -> tuple[Any, Any, Any]:
            return hue, clipped(multiply(saturation, factor), UNIT), value

        return self._as_output(with_hsv(x, saturated, self.value_range, self.channel_axis, self.data_format))
