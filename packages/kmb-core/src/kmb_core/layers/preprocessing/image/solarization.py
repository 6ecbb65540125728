"""Solarization: bright pixels inverted, as on a film that saw too much light."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import bounded_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import BYTES, clipped, per_image, rescaled
from kmb_core.ops.arithmetic import add, subtract
from kmb_core.ops.comparison import less, where
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Solarization(PixelLayer):
    """While training, add a number to each image and invert what is not below a threshold then.

    As bytes: `x = clip(image + addition)`, and `x if x < threshold else 255 - x`.

    Args:
        addition_factor: the addition, between two shares of 255 from 0 to 1; one number stands for from 0 to that.
        threshold_factor: the threshold, in the same way. With 0 all pixels are inverted.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for other factors or another range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.Solarization(threshold_factor=(0.5, 0.5))
        >>> [float(v) for v in layer(kmb_core.ops.array([[[100.0], [200.0]]]))[0, :, 0]]
        [100.0, 55.0]
    """

    def __init__(
        self,
        addition_factor: Any = 0.0,
        threshold_factor: Any = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.addition_factor = bounded_range("addition_factor", addition_factor, 0, (0, 1), self._where())
        self.threshold_factor = bounded_range("threshold_factor", threshold_factor, 0, (0, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"additions", "thresholds": `(batch, 1, 1, 1)`, or `(1, 1, 1)` for one image}; None when not training."""
        if not training:
            return None
        shape, seed = self._per_image_shape(data), self.generator if seed is None else seed
        additions, thresholds = (
            uniform(shape, low * 255.0, high * 255.0, self._drawing_dtype, seed)
            for low, high in (self.addition_factor, self.threshold_factor)
        )
        return {"additions": additions, "thresholds": thresholds}

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each solarized."""
        if not training or transformation is None:
            return images
        x = rescaled(self._as_numbers(images), self.value_range, BYTES)
        dtype = dtype_of(x)
        x = clipped(add(x, per_image(transformation["additions"], dtype)), BYTES)
        x = where(less(x, per_image(transformation["thresholds"], dtype)), x, subtract(255.0, x))
        return self._as_output(rescaled(x, BYTES, self.value_range))
