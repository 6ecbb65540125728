"""RandomErasing: a rectangle of each image replaced by noise or by a colour."""

from typing import Any

import numpy as np

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import bounded_range, is_number, number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped
from kmb_core.ops.arithmetic import add, floor, multiply, subtract
from kmb_core.ops.comparison import greater_equal, less, logical_and, where
from kmb_core.ops.creation import arange, cast, full
from kmb_core.ops.functions import sqrt
from kmb_core.ops.manipulation import broadcast_to, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.draws import normal, uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomErasing(PixelLayer):
    """While training, replace a rectangle in some images.

    Args:
        factor: how probable that is, drawn for each image between two numbers; one number stands for from 0 to that.
        scale: the share of the image that the rectangle covers, between two numbers from 0 to 1; one number stands for
            from 0 to that. Height and width are drawn each on its own, so it may be longer than wide.
        fill_value: what it is filled with: a number, or one for each channel; noise when None.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks stay as they are.

    Raises:
        ValueError: for other arguments.

    Source: Zhong et al., "Random Erasing Data Augmentation", 2017.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=0.0)
        >>> float(kmb_core.ops.sum(layer(kmb_core.ops.ones((4, 4, 1)))))
        12.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = (0.02, 0.33),
        fill_value: Any = None,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.scale = bounded_range("scale", scale, 0, (0, 1), self._where())
        numbers = fill_value if isinstance(fill_value, (list, tuple)) else [fill_value]
        if fill_value is not None and not all(map(is_number, numbers)):
            raise ValueError(
                f"{self._where()}: fill_value is a number, one for each channel, or None; got {fill_value!r}"
            )
        self.fill_value = fill_value
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"apply_erasing": which images, bool of shape `(batch,)`, "batch_masks": where, bool of the images' shape,
        "fill_value": with what, of that shape}; None when not training.
        """
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        seed = self.generator if seed is None else seed
        sizes = shape_of(images)
        which = self._chance(data, self.factor, seed)
        batch = sizes if len(sizes) == 4 else (1, *sizes)
        masks = broadcast_to(self._rectangles(batch, seed), batch)
        return {"apply_erasing": which, "batch_masks": masks, "fill_value": self._filling(sizes, seed)}

    def _rectangles(self, sizes: Any, seed: Any) -> Any:
        """Where each image is erased, along rows and columns."""
        down = self._stretch(sizes, self.height_axis, seed)
        return logical_and(down, self._stretch(sizes, self.width_axis, seed))

    def _stretch(self, sizes: Any, axis: int, seed: Any) -> Any:
        """A stretch of each line that lies within the image, bool; its square root is drawn, as of an area."""
        size, dtype = sizes[axis], self._drawing_dtype
        length = cast(size, dtype) if not isinstance(size, int) else float(size)
        shape = (sizes[0], 1, 1, 1)
        share = uniform(shape, *self.scale, dtype, seed)
        wide = floor(add(multiply(sqrt(share), length), 1e-4))
        start = floor(multiply(uniform(shape, 0.0, 1.0, dtype, seed), add(subtract(length, wide), 1.0)))
        places = reshape(cast(arange(size), dtype), [-1 if place == 4 + axis else 1 for place in range(4)])
        return logical_and(greater_equal(places, start), less(places, add(start, wide)))

    def _filling(self, sizes: Any, seed: Any) -> Any:
        if self.fill_value is None:
            noise = normal(sizes, 0.0, float(self.value_range[1]), self._drawing_dtype, seed)
            return clipped(noise, self.value_range)
        if is_number(self.fill_value):
            return full(sizes, float(self.fill_value), self._drawing_dtype)
        colour = np.asarray(self.fill_value, self._drawing_dtype)
        line = [1] * len(sizes)
        line[self.channel_axis] = len(colour)
        return broadcast_to(colour.reshape(line), sizes)

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, some of them with a rectangle erased."""
        if not training or transformation is None:
            return images
        x = self._as_numbers(images)
        which = reshape(transformation["apply_erasing"], (-1, 1, 1, 1))
        erased = logical_and(which, transformation["batch_masks"])
        return self._as_output(where(erased, cast(transformation["fill_value"], dtype_of(x)), x))
