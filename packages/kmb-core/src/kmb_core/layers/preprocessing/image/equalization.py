"""Equalization: values spread so that each share of the range is used as often as any other."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import pixel_range
from kmb_core.layers.preprocessing.image.histograms import counts, cumulated, looked_up, part_numbers
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import BYTES, levels_of, rescaled
from kmb_core.ops.arithmetic import add, maximum, multiply, subtract, true_divide
from kmb_core.ops.arithmetic import round as rounded
from kmb_core.ops.comparison import greater, less, where
from kmb_core.ops.indexing import get_item
from kmb_core.ops.reduction import min as smallest
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Equalization(PixelLayer):
    """While training, equalize the histogram of each channel of each image.

    A value becomes `round((below - first) / (all - first) * 255)`, as a byte: `below` pixels of its channel are as dark
    or darker, `first` are the darkest. Channels of one value stay as they are.

    Args:
        value_range: the lowest and the highest value of a pixel.
        bins: how many values are told apart.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`.

    Raises:
        ValueError: for another range, or fewer than two bins.

    Example:
        >>> import kmb_core
        >>> images = kmb_core.ops.array([[[[7.0], [8.0], [9.0]]]])
        >>> [float(v) for v in kmb_core.layers.Equalization()(images)[0, 0, :, 0]]
        [0.0, 128.0, 255.0]
    """

    def __init__(
        self, value_range: Any = (0, 255), bins: int = 256, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if not isinstance(bins, int) or isinstance(bins, bool) or bins < 2:
            raise ValueError(f"{self._where()}: bins is a whole number from 2, got {bins!r}")
        self.bins = bins
        self.value_range = pixel_range(value_range, self._where())
        self._needs_no_building()

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each equalized."""
        if not training:
            return images
        x = self._as_numbers(images)
        sizes = shape_of(x)
        parts = part_numbers(sizes, (0, self.channel_axis))
        places = add(multiply(parts, self.bins), levels_of(x, self.value_range, self.bins))
        histograms = counts(places, sizes[0] * sizes[self.channel_axis], self.bins, self._drawing_dtype)
        found = looked_up(_tables(histograms), places)
        kept = rescaled(x, self.value_range, BYTES)
        result = where(less(found, 0.0), kept, found)
        return self._as_output(rescaled(result, BYTES, self.value_range))


def _tables(histograms: Any) -> Any:
    """What becomes of each value, -1 in channels of one value."""
    below = cumulated(histograms)
    everything = get_item(below, (slice(None), slice(-1, None)))
    first = smallest(where(greater(below, 0.0), below, everything), 1, keepdims=True)
    spread = subtract(everything, first)
    share = true_divide(subtract(below, first), maximum(spread, 1.0))
    return where(greater(spread, 0.0), maximum(rounded(multiply(share, 255.0)), 0.0), -1.0)
