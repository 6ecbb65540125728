"""RandomColorJitter: brightness, contrast, saturation and hue, one after the other."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.random_brightness import RandomBrightness
from kmb_core.layers.preprocessing.image.random_contrast import RandomContrast
from kmb_core.layers.preprocessing.image.random_hue import RandomHue
from kmb_core.layers.preprocessing.image.random_saturation import RandomSaturation
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomColorJitter(PixelLayer):
    """While training, change brightness, contrast, saturation and hue of each image, in this order.

    Args:
        value_range: the lowest and the highest value of a pixel.
        brightness_factor: see `RandomBrightness`; None leaves brightness as it is.
        contrast_factor: see `RandomContrast`.
        saturation_factor: see `RandomSaturation`.
        hue_factor: see `RandomHue`.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; 3 channels where saturation or hue are changed.

    Raises:
        ValueError: for another factor or range.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomColorJitter(brightness_factor=(0.2, 0.2), contrast_factor=0.5)
        >>> float(layer(kmb_core.ops.zeros((1, 1, 3)))[0, 0, 0])
        51.0
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        brightness_factor: Any = None,
        contrast_factor: Any = None,
        saturation_factor: Any = None,
        hue_factor: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = pixel_range(value_range, self._where())
        self.seed = seed
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        self.random_brightness = self._part(RandomBrightness, brightness_factor)
        self.random_contrast = self._part(RandomContrast, contrast_factor)
        self.random_saturation = self._part(RandomSaturation, saturation_factor)
        self.random_hue = self._part(RandomHue, hue_factor)
        self._needs_no_building()

    def _part(self, kind: type[PixelLayer], factor: Any) -> PixelLayer | None:
        if factor is None:
            return None
        options = {"data_format": self.data_format, "dtype": self.dtype_policy}
        return kind(factor=factor, value_range=self.value_range, seed=self.seed, **options)

    def build(self, input_shape: Any) -> None:
        """Nothing is to be made."""

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """None: each part draws on its own."""
        return None

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each changed in all four ways."""
        if not training:
            return images
        x = self._as_numbers(images)
        for part in (self.random_brightness, self.random_contrast, self.random_saturation, self.random_hue):
            if part is not None:
                x = part.transform_images(x, part.get_random_transformation(x, training=training), training=training)
        return self._as_output(x)
