"""RandAugment: a few layers out of many, drawn for each batch."""

from typing import Any

from kmb_core.layers.preprocessing.image.chosen_layers import ChosenLayers, numbers_of
from kmb_core.ops.control_flow import fori_loop
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import unstack
from kmb_core.random.draws import randint
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandAugment(ChosenLayers):
    """While training, apply some layers, drawn for each batch, one after the other.

    They are drawn, with repetitions, from RandomShear, RandomTranslation, RandomRotation, RandomBrightness,
    RandomColorDegeneration, RandomContrast, RandomSharpness, RandomPosterization, Solarization, AutoContrast and
    Equalization.

    Args:
        value_range: the lowest and the highest value of a pixel.
        num_ops: how many are drawn.
        factor: how strong they are, between two numbers from 0 to 1; one number stands for from 0 to that.
        interpolation: "nearest" or "bilinear".
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; 3 channels, or 1. Boxes and masks move with the images.

    Raises:
        ValueError: for other arguments.

    Source: Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", 2019.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.RandAugment(seed=1)(kmb_core.ops.ones((2, 4, 4, 3))).shape)
        (2, 4, 4, 3)
    """

    _names = (
        "random_shear",
        "random_translation",
        "random_rotation",
        "random_brightness",
        "random_color_degeneration",
        "random_contrast",
        "random_sharpness",
        "random_posterization",
        "solarization",
        "auto_contrast",
        "equalization",
    )

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_ops: int = 2,
        factor: Any = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if not isinstance(num_ops, int) or isinstance(num_ops, bool) or num_ops < 1:
            raise ValueError(f"{self._where()}: num_ops is a whole number from 1, got {num_ops!r}")
        self.num_ops = num_ops
        self._make_layers(factor, value_range, interpolation, seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"transforms": what each layer has drawn, by name, "layer_idxes": which are applied, int32 of shape
        `(num_ops,)`}; None when not training.
        """
        if not training:
            return None
        seed = self.generator if seed is None else seed
        chosen = randint((self.num_ops,), 0, len(self._names), "int32", seed)
        return {"transforms": self._transformations(data), "layer_idxes": chosen}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images after the layers that were drawn."""
        if not training or transformation is None:
            return images
        return self._as_output(self._after(self._as_numbers(images), transformation, "transform_images"))

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch's boxes after the layers that were drawn."""
        if not training or transformation is None:
            return bounding_boxes
        return self._after(bounding_boxes, transformation, "transform_bounding_boxes")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """A batch's masks after the layers that were drawn."""
        if not training or transformation is None:
            return segmentation_masks
        return self._after(segmentation_masks, transformation, "transform_segmentation_masks")

    def _after(self, part: Any, transformation: Any, method: str) -> Any:
        chosen, drawn = transformation["layer_idxes"], transformation["transforms"]
        if numbers_of(chosen) is None:  # the framework traces each layer once, however many are applied
            return fori_loop(0, self.num_ops, lambda i, x: self._applied(x, take(chosen, i), drawn, method), part)
        for number in unstack(chosen, self.num_ops):
            part = self._applied(part, number, drawn, method)
        return part
