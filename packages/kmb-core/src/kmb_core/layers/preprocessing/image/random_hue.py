"""RandomHue: colours turned on the circle of hues."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.colour_circle import with_hsv
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import per_image
from kmb_core.ops.arithmetic import add, mod, multiply
from kmb_core.ops.comparison import less, where
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomHue(PixelLayer):
    """While training, turn the hues of each image: red becomes another colour, and grey stays grey.

    Args:
        factor: how far, between two numbers from 0 to 1, of half a turn; one number stands for from 0 to that. The
            direction is drawn too.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`; 3 channels.

    Raises:
        ValueError: for another factor or range. ShapeError: for another number of channels.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomHue((1.0, 1.0))  # half a turn, from red to cyan
        >>> [round(float(v)) for v in layer(kmb_core.ops.array([[[255.0, 0.0, 0.0]]]))[0, 0]]
        [0, 255, 255]
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
        """{"factor": the part of a turn, from -0.5 to 0.5, `(batch,)`}; None when not training."""
        if not training:
            return None
        shape, seed = (self._batch_size(data),), self.generator if seed is None else seed
        drawn = uniform(shape, *self.factor, self._drawing_dtype, seed)
        backwards = less(uniform(shape, 0.0, 1.0, self._drawing_dtype, seed), 0.5)
        return {"factor": multiply(drawn, where(backwards, -0.5, 0.5))}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each with its hues turned."""
        if not training:
            return images
        x = self._as_numbers(images)
        turn = per_image(transformation["factor"], dtype_of(x))

        def turned(hue: Any, saturation: Any, value: Any) -> tuple[Any, Any, Any]:
            return mod(add(hue, turn), 1.0), saturation, value

        return self._as_output(with_hsv(x, turned, self.value_range, self.channel_axis, self.data_format))
