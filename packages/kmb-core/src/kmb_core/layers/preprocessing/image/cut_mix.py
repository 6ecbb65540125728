"""CutMix: a part of another image in each image."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import number_range
from kmb_core.layers.preprocessing.image.mixing_layer import MixingLayer
from kmb_core.ops.arithmetic import add, floor, multiply, subtract, true_divide
from kmb_core.ops.comparison import greater_equal, less, logical_and, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.functions import sqrt
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class CutMix(MixingLayer):
    """While training, replace a rectangle of each image by that of another image of the batch.

    Args:
        factor: the parameter of the beta distribution that gives the share of an image that stays is drawn between
            these two numbers, from 0 to 1; one number stands for from 0 to that.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Labels, one-hot, are weighed by the share of the area; masks follow. There are
    no boxes: what of a box is covered cannot be said by a box. One image alone stays as it is.

    Raises:
        ValueError: for another factor. NotImplementedError: for bounding boxes.

    Source: Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", 2019.

    Example:
        >>> import kmb_core
        >>> data = {"images": kmb_core.ops.ones((2, 4, 4, 3)), "labels": kmb_core.ops.eye(2)}
        >>> labels = kmb_core.layers.CutMix(seed=1)(data, training=True)["labels"]
        >>> [round(float(x), 4) for x in kmb_core.ops.sum(labels, 1)]
        [1.0, 1.0]
    """

    def __init__(
        self, factor: Any = 1.0, seed: int | None = None, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"permutation_order": the other image, `(batch,)`, "batch_masks": where it is seen, bool with 1 channel,
        "mix_weight": the share that stays, `(batch, 1, 1, 1)`}; None when not training, and for one image alone.
        """
        images = data["images"] if isinstance(data, dict) else data
        if not training or len(static_shape(images)) == 3:
            return None
        seed, dtype, sizes = self.generator if seed is None else seed, self._drawing_dtype, shape_of(images)
        shape = (sizes[0], 1)
        alpha = uniform(shape, *self.factor, dtype, seed) if self.factor[0] < self.factor[1] else self.factor[0]
        side = sqrt(subtract(1.0, self._weights(shape, alpha, seed)))
        spans = [self._span(sizes, axis, side, seed) for axis in (self.height_axis, self.width_axis)]
        (rows, high), (columns, wide) = spans
        weight = reshape(subtract(1.0, multiply(high, wide)), (-1, 1, 1, 1))
        order = self._order(sizes[0], seed)
        return {"permutation_order": order, "batch_masks": logical_and(rows, columns), "mix_weight": weight}

    def _span(self, sizes: Any, axis: int, side: Any, seed: Any) -> tuple[Any, Any]:
        """Which pixels along an axis are replaced, and which share of it they are."""
        size, dtype = sizes[axis], self._drawing_dtype
        length = float(size) if isinstance(size, int) else cast(size, dtype)
        extent = floor(multiply(side, length))
        start = floor(multiply(uniform((sizes[0], 1), 0.0, 1.0, dtype, seed), add(subtract(length, extent), 1.0)))
        places = reshape(cast(arange(size, dtype="int32"), dtype), (1, -1))
        inside = logical_and(greater_equal(places, start), less(places, add(start, extent)))
        shape = tuple(-1 if place in (0, 4 + axis) else 1 for place in range(4))
        if isinstance(size, int):
            shape = tuple(size if place == 4 + axis else n for place, n in enumerate(shape))
        return reshape(inside, shape), true_divide(extent, length)

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each with a part of another."""
        return self._pasted(self._as_images(images), transformation, training)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks, each with a part of another."""
        return self._each_mask(segmentation_masks, lambda masks: self._pasted(masks, transformation, training))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """Boxes are refused."""
        raise NotImplementedError(f"{self._where()}: there is no box for what is partly covered; see MixUp")

    def _pasted(self, images: Any, transformation: Any, training: bool | None) -> Any:
        if not training or transformation is None:
            return images
        return where(transformation["batch_masks"], take(images, transformation["permutation_order"], 0), images)
