"""RandomInvert: a negative of the image."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import chosen
from kmb_core.ops.arithmetic import subtract
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomInvert(PixelLayer):
    """While training, turn some images into their negatives: `low + high - image` for a value range from low to high.

    Args:
        factor: how probable that is, drawn for each image between two numbers; one number stands for from 0 to that.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.RandomInvert((1.0, 1.0))(kmb_core.ops.ones((1, 1, 1)))[0, 0, 0])
        254.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"apply_inversion": which images, bool of shape `(batch,)`}; None when not training."""
        if not training:
            return None
        return {"apply_inversion": self._chance(data, self.factor, self.generator if seed is None else seed)}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, some of them inverted."""
        if not training or transformation is None:
            return images
        x = self._as_numbers(images)
        inverted = subtract(self.value_range[0] + self.value_range[1], x)
        return self._as_output(chosen(transformation["apply_inversion"], inverted, x))
