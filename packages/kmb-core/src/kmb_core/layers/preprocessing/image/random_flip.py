"""RandomFlip: images as in a mirror."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.arithmetic import subtract
from kmb_core.ops.comparison import greater_equal, where
from kmb_core.ops.creation import cast
from kmb_core.ops.image.layout import check_choice
from kmb_core.ops.manipulation import concatenate, flip, reshape, split
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


@saved_as("keras.layers")
class RandomFlip(GeometricLayer):
    """While training, flip about half of the images.

    Args:
        mode: "horizontal" for left and right, "vertical" for top and bottom, "horizontal_and_vertical" for both at
            once.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for an unknown mode.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.arange(2), (1, 2, 1))
        >>> sorted(float(x) for x in kmb_core.ops.ravel(kmb_core.layers.RandomFlip("horizontal")(line, training=True)))
        [0.0, 1.0]
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        check_choice(mode, MODES, "mode", self._where())
        self.mode = mode
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"flips": which images, bool, `(batch, 1, 1, 1)`, "input_shape": the images'}; None when not training."""
        if not training:
            return None
        drawn = uniform(self._per_image_shape(data), seed=self.generator if seed is None else seed, dtype="float32")
        images = data["images"] if isinstance(data, dict) else data
        return {"flips": greater_equal(drawn, 0.5), "input_shape": tuple(shape_of(images))}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, some of them flipped."""
        return self._flipped(self._as_images(images), transformation, training)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks, flipped where their images are."""
        return self._each_mask(segmentation_masks, lambda masks: self._flipped(masks, transformation, training))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """Boxes, flipped where their images are."""
        if not training or transformation is None:
            return bounding_boxes
        height, width = size = self._size(transformation["input_shape"])
        flips = reshape(transformation["flips"], (-1, 1, 1))

        def flipped(corners: Any) -> Any:
            left, top, right, bottom = split(corners, 4, axis=-1)
            if self.mode != "vertical":
                left, right = subtract(_as(width, left), right), subtract(_as(width, left), left)
            if self.mode != "horizontal":
                top, bottom = subtract(_as(height, top), bottom), subtract(_as(height, top), top)
            return where(flips, concatenate([left, top, right, bottom], -1), corners)

        return self._moved_boxes(bounding_boxes, size, size, flipped)

    def _flipped(self, images: Any, transformation: Any, training: bool | None) -> Any:
        if not training or transformation is None:
            return images
        axes = {"horizontal": (self.width_axis,), "vertical": (self.height_axis,)}
        both = (self.height_axis, self.width_axis)
        flips = reshape(transformation["flips"], (-1, 1, 1, 1))
        return where(flips, flip(images, axes.get(self.mode, both)), images)


def _as(size: Any, place: Any) -> Any:
    return size if isinstance(size, int) else cast(size, dtype_of(place))
