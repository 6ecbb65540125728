"""ChosenLayers: what layers stand on that draw which of several others they apply."""

from typing import Any

from kmb_core.backend import current_backend
from kmb_core.layers.preprocessing.image.arguments import bounded_range, pixel_range
from kmb_core.layers.preprocessing.image.auto_contrast import AutoContrast
from kmb_core.layers.preprocessing.image.equalization import Equalization
from kmb_core.layers.preprocessing.image.image_layer import ImageLayer
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.random_brightness import RandomBrightness
from kmb_core.layers.preprocessing.image.random_color_degeneration import RandomColorDegeneration
from kmb_core.layers.preprocessing.image.random_contrast import RandomContrast
from kmb_core.layers.preprocessing.image.random_posterization import RandomPosterization
from kmb_core.layers.preprocessing.image.random_rotation import RandomRotation
from kmb_core.layers.preprocessing.image.random_sharpness import RandomSharpness
from kmb_core.layers.preprocessing.image.random_shear import RandomShear
from kmb_core.layers.preprocessing.image.random_translation import RandomTranslation
from kmb_core.layers.preprocessing.image.solarization import Solarization
from kmb_core.ops.control_flow import switch
from kmb_core.ops.tensors import convert_to_numpy

MOST_BITS = 8


class ChosenLayers(PixelLayer):
    """A layer with others inside that have one factor in common.

    Subclasses list the names of those that they choose from in `_names`, in the order of their numbers.
    """

    _names: tuple[str, ...]

    def _make_layers(self, factor: Any, value_range: Any, interpolation: str, seed: int | None) -> None:
        self.factor = bounded_range("factor", factor, 0, (0, 1), self._where())
        self.value_range = pixel_range(value_range, self._where())
        self.interpolation = interpolation
        self._seeded(seed)
        low, high = self.factor
        common = {"data_format": self.data_format, "dtype": self.dtype_policy}
        drawn = {**common, "seed": seed}
        pixels = {**drawn, "value_range": self.value_range}
        moved = {**drawn, "interpolation": interpolation, "bounding_box_format": self.bounding_box_format}
        pair, bits = (low, high), max(1, int(high * MOST_BITS))
        self.random_shear = RandomShear(pair, pair, **moved)
        self.random_translation = RandomTranslation(pair, pair, **moved)
        self.random_rotation = RandomRotation(pair, **moved)
        self.random_brightness = RandomBrightness(pair, **pixels)
        self.random_color_degeneration = RandomColorDegeneration(pair, **pixels)
        self.random_contrast = RandomContrast(pair, **pixels)
        self.random_sharpness = RandomSharpness(pair, **pixels)
        self.solarization = Solarization(pair, pair, **pixels)
        self.random_posterization = RandomPosterization((1, bits), **pixels)
        self.auto_contrast = AutoContrast(self.value_range, **common)
        self.equalization = Equalization(self.value_range, **common)

    def build(self, input_shape: Any) -> None:
        """Nothing is to be made."""

    def _layer(self, name: str) -> ImageLayer:
        return getattr(self, name)

    def _transformations(self, data: Any) -> dict[str, Any]:
        """What each of the layers has drawn."""
        return {name: self._layer(name).get_random_transformation(data, training=True) for name in self._names}

    def _applied(self, part: Any, number: Any, transformations: dict[str, Any], method: str) -> Any:
        """Images, boxes or masks after one of the layers, by its number."""

        def branch(name: str) -> Any:
            transform = getattr(self._layer(name), method)
            return lambda x: transform(x, transformation=transformations[name], training=True)

        return switch(number, [branch(name) for name in self._names], part)


def numbers_of(x: Any) -> list[int] | None:
    """The numbers in a tensor, None while a framework traces and nobody knows them."""
    return None if current_backend().implementation.is_traced(x) else [int(number) for number in convert_to_numpy(x)]
