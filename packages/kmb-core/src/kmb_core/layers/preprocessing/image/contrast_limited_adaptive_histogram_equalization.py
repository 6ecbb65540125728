"""ContrastLimitedAdaptiveHistogramEqualization: histograms equalized in tiles, with a limit to what noise becomes."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import is_number, pixel_range
from kmb_core.layers.preprocessing.image.histograms import counts, cumulated, looked_up, on_axis, part_numbers
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import BYTES, levels_of, rescaled
from kmb_core.ops.arithmetic import add, clip, floor, maximum, minimum, multiply, subtract, true_divide
from kmb_core.ops.comparison import greater, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as

VALUES = 256


@saved_as("keras.layers")
class ContrastLimitedAdaptiveHistogramEqualization(PixelLayer):
    """Equalize the histogram of each channel in tiles, so that contrast is raised where the image has little.

    Bins of a tile's histogram are cut at a limit and what is cut off is spread over all of them; between the middles
    of tiles, what becomes of a value is interpolated.

    Args:
        value_range: the lowest and the highest value of a pixel.
        clip_limit: the limit, as a multiple of what bins have on average; whole pixels count.
        tile_grid_size: how many tiles there are down and across. Where sizes are no multiples of them, the last rows
            and columns are repeated.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. It works in the same way whether the model is trained or not; images of integers
    stay integers.

    Raises:
        ValueError: for other arguments.

    Source: K. Zuiderveld, "Contrast Limited Adaptive Histogram Equalization", 1994.

    Example:
        >>> import kmb_core
        >>> clahe = kmb_core.layers.ContrastLimitedAdaptiveHistogramEqualization
        >>> layer = clahe(clip_limit=1000.0, tile_grid_size=(1, 1))
        >>> [float(v) for v in layer(kmb_core.ops.array([[[[7.0], [8.0]]]]))[0, 0, :, 0]]
        [127.5, 255.0]
    """

    _keeps_integers = True

    def __init__(
        self,
        value_range: Any = (0, 255),
        clip_limit: float = 4.0,
        tile_grid_size: Any = (8, 8),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        if not is_number(clip_limit) or clip_limit <= 0:
            raise ValueError(f"{self._where()}: clip_limit is a positive number, got {clip_limit!r}")
        self.clip_limit = clip_limit
        self.tile_grid_size = _grid(tile_grid_size, self._where())
        self.value_range = pixel_range(value_range, self._where())
        self._needs_no_building()

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, each equalized."""
        levels = levels_of(self._as_numbers(images), self.value_range, VALUES)
        sizes = shape_of(levels)
        lines = [
            _Line(sizes[axis], tiles, axis, self._drawing_dtype)
            for axis, tiles in zip((self.height_axis, self.width_axis), self.tile_grid_size, strict=True)
        ]
        channels = part_numbers(sizes, (0, self.channel_axis))
        tables = self._tables(levels, channels, lines)
        result = None
        for down in lines[0].neighbours:
            for across in lines[1].neighbours:
                part = multiply(looked_up(tables, self._places(levels, channels, down[0], across[0])), down[1])
                part = multiply(part, across[1])
                result = part if result is None else add(result, part)
        return cast(rescaled(result, BYTES, self.value_range), self._output_dtype(dtype_of(images)))

    def _places(self, levels: Any, channels: Any, rows: Any, columns: Any) -> Any:
        """The place of each pixel's value in the tables of a tile."""
        tiles = add(multiply(add(multiply(channels, self.tile_grid_size[0]), rows), self.tile_grid_size[1]), columns)
        return add(multiply(tiles, VALUES), levels)

    def _tables(self, levels: Any, channels: Any, lines: list["_Line"]) -> Any:
        """What becomes of each value in each tile."""
        sizes = shape_of(levels)
        whole = take(take(levels, lines[0].repeated, axis=lines[0].axis), lines[1].repeated, axis=lines[1].axis)
        places = self._places(whole, channels, lines[0].tiles, lines[1].tiles)
        parts = sizes[0] * sizes[self.channel_axis] * lines[0].count * lines[1].count
        histograms = counts(places, parts, VALUES, self._drawing_dtype)
        limit = self._limit(lines[0].length * lines[1].length)
        cut = sum_of(maximum(subtract(histograms, limit), 0.0), 1, keepdims=True)
        below = cumulated(add(minimum(histograms, limit), multiply(cut, 1.0 / VALUES)))
        first, last = (get_item(below, (slice(None), part)) for part in (slice(0, 1), slice(-1, None)))
        spread = subtract(last, first)
        varied = greater(spread, 0.0)
        return where(varied, multiply(true_divide(subtract(below, first), where(varied, spread, 1.0)), 255.0), 0.0)

    def _limit(self, area: Any) -> Any:
        """How many pixels a bin may have: a whole number."""
        if isinstance(area, int):
            return float(int(self.clip_limit * area / VALUES))
        return floor(multiply(cast(area, self._drawing_dtype), self.clip_limit / VALUES))


class _Line:
    """Tiles along one axis of an image."""

    def __init__(self, size: Any, count: int, axis: int, dtype: str) -> None:
        self.axis, self.count = axis, count
        self.length = (size + count - 1) // count
        places = arange(self.length * count, dtype="int32")
        self.repeated = minimum(places, size - 1)  # the last element again, up to whole tiles
        self.tiles = on_axis(places // self.length, axis)
        length = self.length if isinstance(self.length, int) else cast(self.length, dtype)
        middle = subtract(true_divide(cast(arange(size, dtype="int32"), dtype), length), 0.5)
        before = floor(middle)
        share = on_axis(subtract(middle, before), axis)
        numbers = [clip(cast(before, "int32") + step, 0, count - 1) for step in (0, 1)]
        # Which tile's table, and how much of it, for the tile in front of each element and for the next one.
        self.neighbours = [
            (on_axis(numbers[0], axis), subtract(1.0, share)),
            (on_axis(numbers[1], axis), share),
        ]


def _grid(value: Any, where: str) -> tuple[int, int]:
    fits = isinstance(value, (tuple, list)) and len(value) == 2
    if not fits or any(not isinstance(size, int) or isinstance(size, bool) or size < 1 for size in value):
        raise ValueError(f"{where}: tile_grid_size is two whole numbers from 1, got {value!r}")
    return value[0], value[1]
