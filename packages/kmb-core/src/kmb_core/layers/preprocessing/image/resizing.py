"""Resizing: images in another size."""

from typing import Any

from kmb_core.layers.preprocessing.image.frames import Frame, bordered_frame, image_size, largest_frame, through
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.image.layout import check_choice
from kmb_core.ops.image.resizing import INTERPOLATIONS, resize
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Resizing(GeometricLayer):
    """Give images another size.

    Args:
        height, width: the size of the result.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3", "lanczos5" or "area"; see `ops.image.resize`.
        crop_to_aspect_ratio: whether the largest window of the result's aspect ratio is cut from the middle first.
        pad_to_aspect_ratio: whether a border that gives the result's aspect ratio is put around the images first.
        fill_mode: what the border holds: "constant".
        fill_value: the number in the border, in that of masks too.
        antialias: whether every pixel counts where images get smaller.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; the output has other spatial sizes. Images of integers stay integers. Boxes and
    masks follow.

    Raises:
        ShapeError: for sizes that are no positive integers. ValueError: for an unknown mode, or for both cropping and
            padding.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.convert_to_tensor([0.0, 2.0, 4.0, 6.0]), (1, 4, 1))
        >>> [float(x) for x in kmb_core.ops.ravel(kmb_core.layers.Resizing(1, 2)(line))]
        [1.0, 5.0]
    """

    _keeps_integers = True

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height, self.width = self._target = image_size(height, width, self._where())
        check_choice(interpolation, INTERPOLATIONS, "interpolation", self._where())
        check_choice(fill_mode, ("constant",), "fill_mode", self._where())
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(f"{self._where()}: crop_to_aspect_ratio and pad_to_aspect_ratio exclude each other")
        self.interpolation, self.antialias = interpolation, antialias
        self.crop_to_aspect_ratio, self.pad_to_aspect_ratio = crop_to_aspect_ratio, pad_to_aspect_ratio
        self.fill_mode, self.fill_value = fill_mode, fill_value
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """Height and width of the images: nothing is drawn."""
        return self._size(data["images"] if isinstance(data, dict) else data)

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images in the new size."""
        return self._in_size(self._prepared(images), self.interpolation)

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """The same labels."""
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool | None = True
    ) -> Any:
        """Masks in the new size."""
        return self._each_mask(segmentation_masks, lambda masks: self._in_size(masks, "nearest"))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """Boxes as they lie in the images of the new size."""
        size, frame = tuple(transformation), self._frame(*transformation)
        return self._moved_boxes(
            bounding_boxes, size, self._target, lambda x: through(x, frame, self._target, self._drawing_dtype)
        )

    def _frame(self, rows: Any, columns: Any) -> Frame:
        if self.crop_to_aspect_ratio:
            return largest_frame(rows, columns, *self._target)
        if self.pad_to_aspect_ratio:
            return bordered_frame(rows, columns, *self._target)
        return Frame(0, 0, rows, columns)

    def _in_size(self, images: Any, interpolation: str) -> Any:
        return resize(
            images,
            self._target,
            interpolation,
            self.antialias,
            self.crop_to_aspect_ratio,
            self.pad_to_aspect_ratio,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )
