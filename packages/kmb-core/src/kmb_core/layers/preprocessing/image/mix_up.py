"""MixUp: two images one over the other."""

from collections.abc import Mapping
from typing import Any

from kmb_core.backend import KerasTensor
from kmb_core.layers.preprocessing.image.arguments import is_number
from kmb_core.layers.preprocessing.image.mixing_layer import MixingLayer
from kmb_core.ops.creation import cast
from kmb_core.ops.image.layout import replaced
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import concatenate
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class MixUp(MixingLayer):
    """While training, `weight * image + (1 - weight) * other`, with another image of the batch.

    Args:
        alpha: both parameters of the beta distribution that weights are drawn from, not negative; the larger, the more
            even.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`. Labels and masks, one-hot, are weighed like images. The boxes of both images are
    kept, so there are twice as many.

    Raises:
        ValueError: for another alpha.

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2017; for boxes Zhang et al., "Bag of Freebies
    for Training Object Detection Neural Networks", 2019.

    Example:
        >>> import kmb_core
        >>> data = {"images": kmb_core.ops.ones((2, 4, 4, 3)), "labels": kmb_core.ops.eye(2)}
        >>> labels = kmb_core.layers.MixUp(seed=1)(data, training=True)["labels"]
        >>> [round(float(x), 4) for x in kmb_core.ops.sum(labels, 1)]
        [1.0, 1.0]
    """

    def __init__(
        self, alpha: float = 0.2, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if not is_number(alpha) or alpha < 0:
            raise ValueError(f"{self._where()}: alpha is a number, not negative; got {alpha!r}")
        self.alpha = alpha
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"mix_weight": each image's own share, `(batch,)`, "permutation_order": the other image, `(batch,)`}; None
        when not training.
        """
        if not training:
            return None
        seed, batch = self.generator if seed is None else seed, self._batch_size(data)
        return {"mix_weight": self._weights((batch,), self.alpha, seed), "permutation_order": self._order(batch, seed)}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each mixed with another."""
        images = self._as_images(images)
        return self._mixed(images, transformation) if training and transformation is not None else images

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks, each mixed with another: shares of classes."""
        if not training or transformation is None:
            return segmentation_masks
        return self._mixed(cast(segmentation_masks, self._drawing_dtype), transformation)

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The boxes of each image, and then those of the other."""
        if not training or transformation is None:
            return bounding_boxes
        order = transformation["permutation_order"]
        both = {name: concatenate([x, take(x, order, 0)], 1) for name, x in bounding_boxes.items()}
        return {**both, "boxes": cast(both["boxes"], self._drawing_dtype)}

    def compute_output_spec(self, data: Any, training: bool | None = True, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs."""
        spec = super().compute_output_spec(data, training, **kwargs)
        if not training or not isinstance(data, Mapping):
            return spec
        if "segmentation_masks" in data:
            spec["segmentation_masks"] = KerasTensor(data["segmentation_masks"].shape, self._drawing_dtype)
        axis = len(data["images"].shape) - 3
        for name, x in spec.get("bounding_boxes", {}).items():
            shape = replaced(x.shape, {axis: None if x.shape[axis] is None else 2 * x.shape[axis]})
            spec["bounding_boxes"][name] = KerasTensor(shape, x.dtype)
        return spec
