"""CenterCrop: the middle of images."""

from typing import Any

from kmb_core.layers.preprocessing.image.frames import exact_frame, framed, image_size, through
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class CenterCrop(GeometricLayer):
    """Cut out the middle of images. Of a smaller image the largest window of that aspect ratio is cut and enlarged.

    Args:
        height, width: the size of the result.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; the output has other spatial sizes. Boxes and masks follow.

    Raises:
        ShapeError: for sizes that are no positive integers.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.arange(5), (1, 5, 1))
        >>> [float(x) for x in kmb_core.ops.ravel(kmb_core.layers.CenterCrop(1, 3)(line))]
        [1.0, 2.0, 3.0]
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = self._target = image_size(height, width, self._where())
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"input_shape": the shape of the images}: nothing is drawn."""
        return {"input_shape": tuple(shape_of(data["images"] if isinstance(data, dict) else data))}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """The middle of a batch of images."""
        return self._middle(self._as_images(images), "bilinear")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """The middle of masks."""
        return self._each_mask(segmentation_masks, lambda masks: self._middle(masks, "nearest"))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """Boxes as they lie in the middle of the images."""
        size = self._size(transformation["input_shape"])
        frame = exact_frame(*size, *self._target)
        return self._moved_boxes(
            bounding_boxes, size, self._target, lambda x: through(x, frame, self._target, self._drawing_dtype)
        )

    def _middle(self, images: Any, interpolation: str) -> Any:
        axes, frame = (self.height_axis, self.width_axis), exact_frame(*self._size(images), *self._target)
        return framed(images, axes, frame, self._target, interpolation=interpolation, data_format=self.data_format)
