"""RandomPerspective: images as if seen from another side."""

from typing import Any

import numpy as np

from kmb_core.layers.preprocessing.image.arguments import is_number, number_range
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import less, where
from kmb_core.ops.creation import cast, convert_to_tensor
from kmb_core.ops.image.layout import check_choice
from kmb_core.ops.image.sampling import ORDERS
from kmb_core.ops.image.transforms import homography, perspective_transform
from kmb_core.ops.manipulation import broadcast_to, concatenate, reshape, split, stack
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import min as smallest
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as

CORNERS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], "float32")  # of (x, y), in parts of the image


@saved_as("keras.layers")
class RandomPerspective(GeometricLayer):
    """While training, move the corners of some images, and all that is between them.

    Args:
        factor: how probable that is, drawn for each image between two numbers; one number stands for from 0 to that.
        scale: how far, from 0 to 1: a corner's x is multiplied by a number from `1 - scale / 2` to `1 + scale / 2`, and
            so is its y. The first corner stays in the origin.
        interpolation: "nearest" or "bilinear".
        fill_value: what lies outside of the images.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for another factor or scale, or an unknown interpolation.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomPerspective((1.0, 1.0), scale=0.0)
        >>> float(kmb_core.ops.min(layer(kmb_core.ops.ones((4, 4, 1)), training=True)))
        1.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        if not is_number(scale) or not 0 <= scale <= 1:
            raise ValueError(f"{self._where()}: scale is from 0 to 1, got {scale!r}")
        if not is_number(fill_value):
            raise ValueError(f"{self._where()}: fill_value is a number, got {fill_value!r}")
        check_choice(interpolation, tuple(ORDERS), "interpolation", self._where())
        self.scale, self.interpolation, self.fill_value = scale, interpolation, fill_value
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"apply_perspective": which images, `(batch,)`, "start_points": the corners, `(batch, 4, 2)`, "end_points":
        where they go, "input_shape": the images'}; None when not training.
        """
        if not training:
            return None
        seed, dtype, batch = self.generator if seed is None else seed, self._drawing_dtype, self._batch_size(data)
        sizes = tuple(shape_of(data["images"] if isinstance(data, dict) else data))
        height, width = (float(n - 1) if isinstance(n, int) else cast(n - 1, dtype) for n in self._size(sizes))
        ends = stack([cast(convert_to_tensor(n), dtype) for n in (width, height)], axis=-1)
        start = broadcast_to(multiply(cast(CORNERS, dtype), ends), (batch, 4, 2))
        half = self.scale / 2
        end = multiply(start, add(uniform((batch, 4, 2), -half, half, dtype, seed) if half else 0.0, 1.0))
        limit = uniform((batch,), *self.factor, dtype, seed)
        apply = less(uniform((batch,), 0.0, 1.0, dtype, seed), limit)
        return {"apply_perspective": apply, "start_points": start, "end_points": end, "input_shape": sizes}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, some of them seen from another side."""
        return self._seen(self._as_images(images), transformation, training, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks, as their images are seen."""
        return self._each_mask(segmentation_masks, lambda masks: self._seen(masks, transformation, training, "nearest"))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The boxes around the moved boxes."""
        if not training or transformation is None:
            return bounding_boxes
        size = self._size(transformation["input_shape"])
        start, end = (
            reshape(cast(transformation[name], self._drawing_dtype), (-1, 4, 2, 1, 1))
            for name in ("start_points", "end_points")
        )
        forth = homography(end, start)
        which = reshape(transformation["apply_perspective"], (-1, 1, 1))

        def moved(corners: Any) -> Any:
            left, top, right, bottom = split(corners, 4, axis=-1)
            x, y = forth(concatenate([left, right, left, right], -1), concatenate([top, top, bottom, bottom], -1))
            around = [end(places, -1, keepdims=True) for end in (smallest, largest) for places in (x, y)]
            return where(which, concatenate(around, -1), corners)

        return self._moved_boxes(bounding_boxes, size, size, moved)

    def _seen(self, images: Any, transformation: Any, training: bool | None, interpolation: str) -> Any:
        if not training or transformation is None:
            return images
        points = (transformation["start_points"], transformation["end_points"])
        seen = perspective_transform(images, *points, interpolation, self.fill_value, self.data_format)
        return where(reshape(transformation["apply_perspective"], (-1, 1, 1, 1)), seen, images)
