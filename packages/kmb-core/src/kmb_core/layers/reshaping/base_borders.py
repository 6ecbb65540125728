"""What cropping and padding share: how many elements at either end of each spatial axis."""

import operator
from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.settings import standardize_data_format


class BaseBorders(Layer):
    """Elements at the ends of spatial axes; see `ZeroPadding2D` for the arguments."""

    rank: int
    _keeps_dtype = True
    _unsaved_arguments = frozenset({"amounts"})

    def __init__(self, amounts: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._amounts = self._for_each_end(amounts)
        self.data_format = standardize_data_format(data_format)
        self._first = 2 if self.data_format == "channels_first" else 1
        after = ((0, 0),) * (self.rank + 2 - self._first - self.rank)
        self._widths = (*((0, 0),) * self._first, *self._amounts, *after)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._needs_no_building()

    def _for_each_end(self, amounts: Any) -> tuple[tuple[int, int], ...]:
        try:
            return self._checked(amounts)
        except (TypeError, ValueError):
            ends = "an int or (front, end)" if self.rank == 1 else f"an int, {self.rank} ints, or {self.rank} pairs"
            raise ShapeError(f"{self._where()}: expected {ends}, not negative, got {amounts!r}") from None

    def _checked(self, amounts: Any) -> tuple[tuple[int, int], ...]:
        if not isinstance(amounts, (tuple, list)):
            amounts = ((amounts, amounts),) * self.rank
        elif self.rank == 1:
            amounts = (amounts,)
        pairs = [pair if isinstance(pair, (tuple, list)) else (pair, pair) for pair in amounts]
        ends = tuple((operator.index(front), operator.index(end)) for front, end in pairs)
        if len(ends) != self.rank or any(amount < 0 for pair in ends for amount in pair):
            raise ValueError
        return ends

    def _resized(self, input_shape: Any, sign: int) -> tuple[int | None, ...]:
        sizes = list(input_shape)
        for axis, (front, end) in enumerate(self._amounts, self._first):
            if sizes[axis] is not None:
                sizes[axis] += sign * (front + end)
                if sizes[axis] <= 0 and front + end:
                    what = f"{self._where()}: nothing is left of axis {axis} of shape {tuple(input_shape)}"
                    raise ShapeError(message(what, f"{front} elements in front and {end} at the end go.", None))
        return tuple(sizes)

    def _slices(self, shape: tuple[int | None, ...]) -> tuple[slice, ...]:
        """What cropping keeps."""
        self._resized(shape, -1)
        kept = [slice(front, -end if end else None) for front, end in self._amounts]
        return (*[slice(None)] * self._first, *kept)
