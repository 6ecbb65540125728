"""MaxNumBoundingBoxes: the same number of boxes for each image."""

from collections.abc import Mapping
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.layers.preprocessing.image.arguments import is_number
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.creation import full
from kmb_core.ops.image.layout import replaced
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import concatenate
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class MaxNumBoundingBoxes(GeometricLayer):
    """Leave out boxes beyond a number, and fill up to it where there are fewer.

    Args:
        max_number: how many boxes each image has afterwards.
        fill_value: the numbers of what is filled in, boxes and labels.

    Input and output: see `ImageLayer`. Images, labels and masks stay as they are.

    Raises:
        ValueError: for a number that is no integer, or negative.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.MaxNumBoundingBoxes(2, bounding_box_format="xyxy")
        >>> boxes = {"boxes": kmb_core.ops.ones((1, 1, 4)), "labels": kmb_core.ops.ones((1, 1))}
        >>> found = layer({"images": kmb_core.ops.ones((1, 2, 2, 3)), "bounding_boxes": boxes})["bounding_boxes"]
        >>> [float(x) for x in found["labels"][0]]
        [1.0, -1.0]
    """

    _keeps_integers = True

    def __init__(self, max_number: int, fill_value: float = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(max_number, bool) or not hasattr(max_number, "__index__") or max_number < 0:
            raise ValueError(f"{self._where()}: max_number is an integer, not negative; got {max_number!r}")
        if not is_number(fill_value):
            raise ValueError(f"{self._where()}: fill_value is a number, got {fill_value!r}")
        self.max_number, self.fill_value = int(max_number), fill_value
        self._needs_no_building()

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """The same images."""
        return images

    def transform_labels(self, labels: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """The same labels."""
        return labels

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any = None, training: bool | None = True
    ) -> Any:
        """The same masks."""
        return segmentation_masks

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The first boxes of each image, and as many more as it takes."""
        return {
            **bounding_boxes,
            "boxes": self._filled_up(bounding_boxes["boxes"]),
            "labels": self._filled_up(bounding_boxes["labels"]),
        }

    def _filled_up(self, x: Any) -> Any:
        sizes = replaced(shape_of(x), {1: self.max_number})
        more = full(sizes, self.fill_value, dtype_of(x))
        return get_item(concatenate([x, more], 1), (slice(None), slice(0, self.max_number)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shapes, with another number of boxes."""
        if not isinstance(input_shape, Mapping) or "bounding_boxes" not in input_shape:
            return input_shape
        boxes = dict(input_shape["bounding_boxes"])
        for name, behind in (("boxes", 1), ("labels", 0)):
            axis = len(boxes[name]) - 1 - behind
            boxes[name] = replaced(boxes[name], {axis: self.max_number})
        return {**input_shape, "bounding_boxes": boxes}

    def compute_output_spec(self, data: Any, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs."""
        spec = super().compute_output_spec(data, **kwargs)
        if isinstance(data, Mapping) and "bounding_boxes" in data:
            given, axis = data["bounding_boxes"], len(data["images"].shape) - 3
            for name in ("boxes", "labels"):
                shape = replaced(given[name].shape, {axis: self.max_number})
                spec["bounding_boxes"][name] = KerasTensor(shape, given[name].dtype)
        return spec

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; the usual fill value is left out, as Keras does."""
        config = super().get_config()
        if self.fill_value == -1:
            del config["fill_value"]
        return config
