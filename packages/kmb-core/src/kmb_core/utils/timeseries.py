"""Windows that slide over a series."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy
from kmb_core.data.formats import FORMATS, check_format, delivered
from kmb_core.data.loader import BatchLoader
from kmb_core.data.samples import ArraySpec, Samples
from kmb_core.errors import ShapeError, message

_WHERE = "timeseries_dataset_from_array"


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = FORMATS[0],
) -> Any:
    """Batches of windows of a series, cut from the array while they are needed.

    Args:
        data: array `(steps, ...)`.
        targets: array whose row i belongs to the window that begins at step i; None for windows alone. Windows that
            would begin behind the last row are left out.
        sequence_length: steps in a window.
        sequence_stride: steps between the beginnings of two windows.
        sampling_rate: steps between two steps of a window.
        batch_size: windows in a batch; None gives single windows.
        shuffle: whether each epoch has a new order.
        seed: seed of the orders.
        start_index: steps in front of it are not used.
        end_index: it and the steps behind it are not used.
        format: "tf" gives a `tf.data.Dataset` on the TensorFlow backend and a `BatchLoader` on all others; "grain"
            gives a `grain.IterDataset`.

    Returns:
        A dataset of windows `(batch, sequence_length, ...)` of the dtype of the data, with targets beside them.

    Raises:
        ValueError: for a number out of its range.

    Example:
        >>> import numpy as np
        >>> import kmb_core
        >>> series = np.arange(6)
        >>> dataset = kmb_core.utils.timeseries_dataset_from_array(series[:-2], series[2:], 2, batch_size=3)
        >>> [(np.asarray(x).tolist(), np.asarray(y).tolist()) for x, y in dataset]
        [([[0, 1], [1, 2], [2, 3]], [2, 3, 4])]
    """
    check_format(format, _WHERE)
    series = np.asarray(data) if isinstance(data, list | tuple) else convert_to_numpy(data)
    rows = None if targets is None else convert_to_numpy(np.asarray(targets) if isinstance(targets, list) else targets)
    _check("sequence_length", sequence_length, 1, None)
    _check("sequence_stride", sequence_stride, 1, len(series))
    _check("sampling_rate", sampling_rate, 1, len(series))
    first, end = _span(start_index, end_index, len(series))
    last = end - (sequence_length - 1) * sampling_rate
    starts = np.arange(first, last if rows is None else min(last, len(rows)), sequence_stride)
    samples = Windows(series, rows, starts, sequence_length, sampling_rate)
    return delivered(BatchLoader(samples, batch_size, shuffle, seed, workers=1), format)


def _check(name: str, value: int, least: int, below: int | None) -> None:
    if value < least or (below is not None and value >= below):
        limit = "" if below is None else f" and below the length of the data, {below}"
        raise ValueError(f"{_WHERE}: {name} is a number from {least}{limit}, got {value}")


def _span(start_index: int | None, end_index: int | None, length: int) -> tuple[int, int]:
    first, end = 0 if start_index is None else start_index, length if end_index is None else end_index
    if start_index is not None:
        _check("start_index", first, 0, length)
    if end_index is not None and not first < end <= length:
        what = f"{_WHERE}: end_index={end} with start_index={first}, for data of length {length}"
        raise ShapeError(message(what, "It lies behind the start and not behind the end of the data."))
    return first, end


class Windows(Samples):
    """Windows of an array.

    Args:
        series: `(steps, ...)`.
        targets: a row for each step, or None.
        starts: the first step of each window.
        length: steps in a window.
        rate: steps between two steps of a window.
    """

    def __init__(
        self, series: np.ndarray, targets: np.ndarray | None, starts: np.ndarray, length: int, rate: int
    ) -> None:
        self._series = series
        self._targets = targets
        self._starts = starts
        self._steps = np.arange(length) * rate

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> tuple:
        return self._windows(self._starts[index])

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple:
        """A batch of windows."""
        return self._windows(self._starts[np.asarray(indices)])

    def _windows(self, starts: Any) -> tuple:
        windows = self._series[starts[..., None] + self._steps]
        return (windows,) if self._targets is None else (windows, self._targets[starts])

    def spec(self) -> tuple:
        """Known where there is no window, too."""
        x = ArraySpec((len(self._steps), *self._series.shape[1:]), self._series.dtype.name)
        if self._targets is None:
            return (x,)
        return x, ArraySpec(self._targets.shape[1:], self._targets.dtype.name)
