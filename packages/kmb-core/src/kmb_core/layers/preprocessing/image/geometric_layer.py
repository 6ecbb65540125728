"""GeometricLayer: layers that move things in images, and with them boxes and masks.

Masks hold the numbers of classes, so they are read at the nearest pixel and keep their dtype: between two classes there
is no third. Boxes are moved as corners in pixels, cut off at the border, and their labels become -1 where nothing is
left.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor
from kmb_core.bounding_boxes.formats import convert_format
from kmb_core.bounding_boxes.geometry import clip_to_image_size
from kmb_core.dtypes import is_float
from kmb_core.layers.preprocessing.image.image_layer import ImageLayer
from kmb_core.ops.creation import cast
from kmb_core.ops.image.layout import replaced
from kmb_core.ops.manipulation import expand_dims, squeeze
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape


class GeometricLayer(ImageLayer):
    """A layer that moves what is in images; see the module."""

    _target: tuple[int, int] | None = None  # the images' size afterwards, where it is another

    def _size(self, images: Any) -> tuple[Any, Any]:
        """Height and width of images, or of their shape."""
        sizes = images if isinstance(images, (tuple, list)) else shape_of(images)
        return sizes[self.height_axis], sizes[self.width_axis]

    def _as_images(self, images: Any) -> Any:
        return cast(images, self.compute_dtype)

    def _moved_boxes(self, boxes: Any, before: Any, after: Any, move: Callable[[Any], Any]) -> dict[str, Any]:
        """Boxes whose corners, in pixels of an image of size `before`, are moved into one of size `after`."""
        name, dtype = self.bounding_box_format, self._drawing_dtype
        if name is None:
            self._check_boxes(boxes)
        corners = convert_format(boxes["boxes"], name, "xyxy", *before, dtype)
        clipped = clip_to_image_size({**boxes, "boxes": move(corners)}, *after)
        return convert_format(clipped, "xyxy", name, *after, dtype)

    def _each_mask(self, masks: Any, change: Callable[[Any], Any]) -> Any:
        """Masks changed like images; those without an axis of channels get one meanwhile."""
        if len(static_shape(masks)) == 4:
            return change(masks)
        return squeeze(change(expand_dims(masks, self.channel_axis)), self.channel_axis)

    # Shapes ------------------------------------------------------------------------------------------------------

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs, for images or for a dict of parts."""
        if not isinstance(input_shape, Mapping):
            return self._resized(input_shape)
        shapes = dict(input_shape)
        for name in ("images", "segmentation_masks"):
            if name in shapes:
                shapes[name] = self._resized(shapes[name], len(shapes["images"]))
        return shapes

    def _resized(self, shape: Any, rank: int | None = None) -> tuple[Any, ...]:
        """A shape with the height and width of the result; `rank` is that of the images that a mask goes with."""
        shape = tuple(shape)
        if self._target is None:
            return shape
        axes = (self.height_axis, self.width_axis)
        if rank is not None and len(shape) < rank:  # a mask without channels
            axes = (-2, -1)
        return replaced(shape, {len(shape) + axis: size for axis, size in zip(axes, self._target, strict=True)})

    def compute_output_spec(self, data: Any, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs."""
        if not isinstance(data, Mapping):
            return self._image_spec(self._prepared(data))
        spec = tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype) if isinstance(x, KerasTensor) else x, data)
        spec["images"] = self._image_spec(self._prepared(data["images"]))
        if "segmentation_masks" in spec:
            masks = spec["segmentation_masks"]
            spec["segmentation_masks"] = KerasTensor(self._resized(masks.shape, len(spec["images"].shape)), masks.dtype)
        if "bounding_boxes" in spec:
            self._check_boxes(spec["bounding_boxes"])
            boxes = spec["bounding_boxes"]["boxes"]
            spec["bounding_boxes"]["boxes"] = KerasTensor(boxes.shape, self._drawing_dtype)
        return spec

    def _image_spec(self, images: KerasTensor) -> KerasTensor:
        keeps = self._keeps_integers and not is_float(images.dtype)
        return KerasTensor(self._resized(images.shape), images.dtype if keeps else self.compute_dtype)
