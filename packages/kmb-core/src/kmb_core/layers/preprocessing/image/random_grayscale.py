"""RandomGrayscale: some images without their colours."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import is_number
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import chosen
from kmb_core.ops.comparison import less
from kmb_core.ops.image.colour import rgb_to_grayscale
from kmb_core.ops.manipulation import broadcast_to
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomGrayscale(PixelLayer):
    """While training, take the colours of some images: all channels become `0.2989 red + 0.587 green + 0.114 blue`.

    Args:
        factor: how probable that is for an image, from 0 to 1.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`; 3 channels, or 1, which is grey already. Images of integers stay integers.

    Raises:
        ValueError: for a factor outside of 0 to 1. ShapeError: for another number of channels.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomGrayscale(1.0)
        >>> [round(float(v), 2) for v in layer(kmb_core.ops.array([[[100.0, 0.0, 0.0]]]))[0, 0]]
        [29.89, 29.89, 29.89]
    """

    _keeps_integers = True
    _unsaved_arguments = frozenset({"seed"})  # files of Keras have none

    def __init__(
        self, factor: float = 0.5, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if not is_number(factor) or not 0 <= factor <= 1:
            raise ValueError(f"{self._where()}: factor is a probability, from 0 to 1; got {factor!r}")
        self.factor = factor
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, images: Any, training: bool | None = True, seed: Any = None) -> Any:
        """Which images, bool of shape `(batch, 1, 1, 1)`; None when not training."""
        if not training:
            return None
        shape = (self._batch_size(images), 1, 1, 1)
        drawn = uniform(shape, 0.0, 1.0, self._drawing_dtype, self.generator if seed is None else seed)
        return less(drawn, self.factor)

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, some of them grey."""
        if not training or transformation is None:
            return images
        grey = broadcast_to(rgb_to_grayscale(images, self.data_format), shape_of(images))
        return chosen(transformation, grey, images)

    def transform_labels(self, labels: Any, transformations: Any = None, **kwargs: Any) -> Any:
        """The same labels."""
        return labels

    def transform_bounding_boxes(self, bounding_boxes: Any, **kwargs: Any) -> Any:
        """The same boxes."""
        return bounding_boxes

    def transform_segmentation_masks(self, segmentation_masks: Any, transformations: Any = None, **kwargs: Any) -> Any:
        """The same masks."""
        return segmentation_masks
