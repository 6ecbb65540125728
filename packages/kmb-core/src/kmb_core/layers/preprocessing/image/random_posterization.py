"""RandomPosterization: fewer bits for each value."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import bounded_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import BYTES, levels_of, rescaled
from kmb_core.ops.arithmetic import subtract
from kmb_core.ops.bits import bitwise_left_shift, bitwise_right_shift
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import reshape
from kmb_core.random.draws import randint
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomPosterization(PixelLayer):
    """While training, keep only the highest bits of each value, as a byte: few shades are left, as on a poster.

    Args:
        factor: how many bits, from 1 to 8: drawn from the first number up to, but without, the second; one number
            stands for from 1. Two equal numbers leave that many.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomPosterization((2, 2))
        >>> [float(v) for v in layer(kmb_core.ops.array([[[63.0], [64.0], [255.0]]]))[0, :, 0]]
        [0.0, 64.0, 192.0]
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
        self.factor = bounded_range("factor", factor, 1, (1, 8), self._where())
        if any(bound != int(bound) for bound in self.factor):
            raise ValueError(f"{self._where()}: factor is a number of bits, got {factor!r}")
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"shift_factor": how many bits go, uint8 of shape `(batch,)`}; None when not training."""
        if not training:
            return None
        low, high = map(int, self.factor)
        seed = self.generator if seed is None else seed
        kept = randint((self._batch_size(data),), low, max(high, low + 1), "int32", seed)
        return {"shift_factor": cast(subtract(8, kept), "uint8")}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each with its number of bits."""
        if not training:
            return images
        x = self._as_numbers(images)
        shift = reshape(cast(transformation["shift_factor"], "int32"), (-1, 1, 1, 1))
        coarse = bitwise_left_shift(bitwise_right_shift(levels_of(x, self.value_range, 256), shift), shift)
        return self._as_output(rescaled(cast(coarse, dtype_of(x)), BYTES, self.value_range))
