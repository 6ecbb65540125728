"""RandomBrightness: a number added to all pixels."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float
from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped
from kmb_core.ops.arithmetic import add
from kmb_core.ops.creation import cast, zeros
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomBrightness(PixelLayer):
    """While training, make each image brighter or darker: `clip(image + delta)`, with one delta for each.

    Args:
        factor: `delta` is drawn between these two shares of the value range, from -1 to 1; one number stands for from
            -factor to factor.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`. Images of integers stay integers; they are moved by whole numbers.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomBrightness((0.2, 0.2), value_range=(0, 1))
        >>> round(float(layer(kmb_core.ops.zeros((1, 1, 1)))[0, 0, 0]), 4)
        0.2
    """

    _keeps_integers = True

    def __init__(self, factor: Any, value_range: Any = (0, 255), seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = number_range("factor", factor, None, (-1, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"rgb_delta": what is added, `(batch, 1, 1, 1)`, or `(1, 1, 1)` for one image}; zeros when not training."""
        shape = self._per_image_shape(data)
        if not training:
            return {"rgb_delta": zeros(shape, self._drawing_dtype)}
        width = self.value_range[1] - self.value_range[0]
        low, high = (bound * width for bound in self.factor)
        delta = uniform(shape, low, high, self._drawing_dtype, self.generator if seed is None else seed)
        return {"rgb_delta": delta}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each plus its delta."""
        if not training:
            return images
        dtype, delta = dtype_of(images), transformation["rgb_delta"]
        if is_float(dtype):
            return clipped(add(images, cast(delta, dtype)), self.value_range)
        # Integers move by whole numbers, in a dtype that holds sums of bytes.
        moved = add(cast(images, "int32"), cast(delta, "int32"))
        return cast(clipped(moved, [int(bound) for bound in self.value_range]), dtype)
