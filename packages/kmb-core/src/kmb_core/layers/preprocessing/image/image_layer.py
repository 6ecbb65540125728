"""ImageLayer: what layers for images stand on. It takes apart what a call is given, and puts the outcome together.

A call is given images, or a dict of images and what belongs to them. Each kind has a method: what happens to the images
is drawn or worked out once (`get_random_transformation`), and is then done to each of them, so that boxes and masks
stay where the things in the images are.
"""

from collections.abc import Mapping
from typing import Any

from kmb_core import tree
from kmb_core.backend import dtype_of, use_backend
from kmb_core.dtypes import is_float
from kmb_core.errors import ShapeError, message
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import expand_dims, squeeze, stack
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.settings import standardize_data_format

PARTS = ("images", "labels", "bounding_boxes", "segmentation_masks")


class ImageLayer(DataLayer):
    """A layer for images, alone or in a dict with labels, bounding boxes and segmentation masks.

    Args:
        factor: for classes that have one; it is kept as it is.
        bounding_box_format: how boxes are given, for instance "xyxy"; needed only where there are boxes.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, height, width, channels)`, one image without the batch axis, the same with channels first, or a dict
    with "images" and any of "labels", "bounding_boxes" (a dict with "boxes", `(batch, boxes, 4)`, and "labels",
    `(batch, boxes)`) and "segmentation_masks". What else a dict holds comes back as it is.

    Output: the same structure; images in the compute dtype.

    Subclasses define `transform_images`, which is always given a batch, and what else changes:
    `get_random_transformation`, `transform_labels`, `transform_bounding_boxes`, `transform_segmentation_masks`.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomBrightness(0.2, seed=1)
        >>> data = {"images": kmb_core.ops.ones((2, 4, 4, 3)), "labels": kmb_core.ops.arange(2)}
        >>> sorted(layer(data))
        ['images', 'labels']
    """

    _keeps_integers = False  # images of integers stay integers; elsewhere they become the compute dtype

    def __init__(
        self, factor: Any = None, bounding_box_format: str | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)
        if factor is not None:
            self.factor = factor
        rows = -3 if self.data_format == "channels_last" else -2
        self.height_axis, self.width_axis = rows, rows + 1
        self.channel_axis = -1 if rows == -3 else -3

    # What a call is given ----------------------------------------------------------------------------------------

    def __call__(self, inputs: Any, **kwargs: Any) -> Any:
        """The outputs for images, or for a dict of images and what belongs to them."""
        if inputs.__class__ in (list, tuple):
            inputs = self._one_batch(inputs)
        return super().__call__(inputs, **kwargs)

    def _one_batch(self, images: Any) -> Any:
        """A list of images as a batch; lists of numbers are left to the base class."""
        if not images or not all(hasattr(image, "shape") for image in images):
            return images
        sizes = {tuple(image.shape) for image in images}
        if len(sizes) > 1:
            what = f"{self._where()}: expected images of one size, got {', '.join(map(str, sorted(sizes)[:3]))}"
            raise ShapeError(message(what, "A tensor cannot hold images of several sizes.", "Resize them first."))
        with use_backend(self._surroundings((images,), {})):
            return stack(images, axis=0)

    def _converted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arrays as tensors. Images in the compute dtype; boxes and masks not, which 16 bits would move elsewhere."""
        if not args or not isinstance(args[0], Mapping):
            return super()._converted(args, kwargs)
        data = {name: tree.map_structure(self._converted_part(name), part) for name, part in args[0].items()}
        return (data, *args[1:]), kwargs

    def _converted_part(self, name: str) -> Any:
        policy = self.dtype_policy
        dtype = policy.compute_dtype if name == "images" else "float32"
        if policy.compute_dtype == "float64":
            dtype = "float64"
        return lambda part: policy.convert_input(part, self.autocast, dtype)

    def call(self, data: Any, training: bool | None = True) -> Any:
        """The outputs for images, or for a dict of them and what belongs to them."""
        if isinstance(data, Mapping):
            return self._call_parts(dict(data), training)
        images = self._prepared(data)
        return self._transformed("image", images, self.get_random_transformation(images, training=training), training)

    def _call_parts(self, data: dict[str, Any], training: bool | None) -> dict[str, Any]:
        if "images" not in data:
            raise ValueError(f"{self._where()}: expected a dict with 'images', got the keys {sorted(map(str, data))}")
        data["images"] = self._prepared(data["images"])
        if "bounding_boxes" in data:
            self._check_boxes(data["bounding_boxes"])
        transformation = self.get_random_transformation(data, training=training)
        single = len(static_shape(data["images"])) == 3
        result = dict(data)
        for name in PARTS:
            if name in data:
                result[name] = self._transformed(_SINGULAR[name], data[name], transformation, training, single)
        return result

    def _transformed(
        self, kind: str, part: Any, transformation: Any, training: bool | None, single: bool | None = None
    ) -> Any:
        """One kind of part after the transformation, by the method for one or for a batch."""
        single = len(static_shape(part)) == 3 if single is None else single
        method = getattr(self, f"transform_single_{kind}" if single else f"transform_{_PLURAL[kind]}")
        return method(part, transformation=transformation, training=training)

    def _prepared(self, images: Any) -> Any:
        """Images of the dtype that the layer computes in; 3 axes or 4."""
        known = static_shape(images)
        if len(known) not in (3, 4):
            what = f"{self._where()}: expected one image with 3 axes or a batch with 4, got shape {tuple(known)}"
            raise ShapeError(message(what, "The axis of channels is missing, perhaps.", "See ops.expand_dims."))
        if self._keeps_integers and not is_float(dtype_of(images)):
            return images
        return cast(images, self.compute_dtype)

    def _check_boxes(self, boxes: Any) -> None:
        if self.bounding_box_format is None:
            what = f"{self._where()}: the data has bounding boxes, and the layer is not told their format"
            raise ValueError(message(what, None, "Make it with bounding_box_format='xyxy', or whichever they have."))
        if not isinstance(boxes, Mapping) or not {"boxes", "labels"} <= set(boxes):
            got = sorted(map(str, boxes)) if isinstance(boxes, Mapping) else type(boxes).__name__
            raise ValueError(f"{self._where()}: bounding_boxes is a dict with 'boxes' and 'labels', got {got}")

    # What subclasses define --------------------------------------------------------------------------------------

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """What is to happen to the images, drawn at random where the layer does so.

        Args:
            data: what the call was given.
            training: whether the model is being trained.
            seed: int, SeedGenerator, or None for the layer's own.

        Returns:
            What the other methods take as `transformation`; None where there is nothing to draw.
        """
        return None

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images after the transformation; each class defines it."""
        raise NotImplementedError(f"{self._where()} defines no transform_images")

    def transform_labels(self, labels: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch's labels after the transformation: by default the same."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch's boxes after the transformation; each class defines it."""
        raise NotImplementedError(f"{self._where()} defines no transform_bounding_boxes")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """A batch's masks after the transformation; each class defines it."""
        raise NotImplementedError(f"{self._where()} defines no transform_segmentation_masks")

    # One instead of a batch --------------------------------------------------------------------------------------

    def transform_single_image(self, image: Any, transformation: Any, training: bool | None = True) -> Any:
        """One image, without batch axis, after the transformation."""
        return _first_of(self.transform_images(_as_batch(image), transformation=transformation, training=training))

    def transform_single_label(self, label: Any, transformation: Any, training: bool | None = True) -> Any:
        """One image's label after the transformation."""
        return _first_of(self.transform_labels(_as_batch(label), transformation=transformation, training=training))

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """One image's boxes after the transformation."""
        boxes = self.transform_bounding_boxes(_as_batch(bounding_box), transformation=transformation, training=training)
        return _first_of(boxes)

    def transform_single_segmentation_mask(
        self, segmentation_mask: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """One image's mask after the transformation."""
        masks = self.transform_segmentation_masks(
            _as_batch(segmentation_mask), transformation=transformation, training=training
        )
        return _first_of(masks)

    # For subclasses ----------------------------------------------------------------------------------------------

    def _seeded(self, seed: int | None) -> None:
        """Make the generator that `get_random_transformation` draws from."""
        self.seed = seed
        self.generator = SeedGenerator(seed)

    def _batch_size(self, data: Any) -> Any:
        """How many images a call was given: a number, or a tensor where a graph does not know it; 1 for one image."""
        images = data["images"] if isinstance(data, Mapping) else data
        return shape_of(images)[0] if len(static_shape(images)) == 4 else 1

    def _per_image_shape(self, data: Any) -> tuple[Any, ...]:
        """The shape of one number for each image: `(batch, 1, 1, 1)`, or `(1, 1, 1)` for one image."""
        images = data["images"] if isinstance(data, Mapping) else data
        return (self._batch_size(data), 1, 1, 1) if len(static_shape(images)) == 4 else (1, 1, 1)

    @property
    def _drawing_dtype(self) -> str:
        """The dtype of random numbers: bfloat16 would have but 256 steps for them."""
        return "float64" if self.compute_dtype == "float64" else "float32"

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        for name in ("factor", "bounding_box_format"):
            if config.get(name) is None:
                config.pop(name, None)
        return config


_SINGULAR = {
    "images": "image",
    "labels": "label",
    "bounding_boxes": "bounding_box",
    "segmentation_masks": "segmentation_mask",
}
_PLURAL = {one: many for many, one in _SINGULAR.items()}


def _as_batch(part: Any) -> Any:
    return tree.map_structure(lambda x: expand_dims(x, 0), part)


def _first_of(part: Any) -> Any:
    return tree.map_structure(lambda x: squeeze(x, 0), part)
