"""Batches from a `torch.utils.data.DataLoader`, as it gives them, once for each epoch."""

from collections.abc import Iterator
from multiprocessing.connection import wait
from typing import Any

from torch.utils.data import DataLoader

from kmb_core.data.prefetch import WorkerError
from kmb_core.errors import message
from kmb_core.training.batches import unpack_x_y_sample_weight

PATIENCE = 0.5  # seconds until a worker that is at its end has ended


class DataLoaderAdapter:
    """Reads a DataLoader whose batches are x, (x, y) or (x, y, sample_weight)."""

    def __init__(self, loader: DataLoader) -> None:
        self.loader = loader
        self.batch_size = loader.batch_size
        self.reads_ahead = loader.num_workers > 0
        try:
            self.num_batches: int | None = len(loader)
        except TypeError:  # the dataset is iterable and does not know how long it is
            self.num_batches = None

    def batches(self) -> Iterator[tuple[Any, ...]]:
        """The batches of one epoch."""
        for batch in self._read():
            x, y, sample_weight = unpack_x_y_sample_weight(batch)
            yield (x,) if y is None else (x, y) if sample_weight is None else (x, y, sample_weight)

    def _read(self) -> Iterator[Any]:
        batches = iter(self.loader)
        try:
            yield from batches
        except (OSError, EOFError) as error:  # what a tensor ends with whose sender died while it was handed over
            ends = [worker.sentinel for worker in getattr(batches, "_workers", ())]
            if not wait(ends, PATIENCE):
                raise
            what = "A worker process of the DataLoader died before its batch was ready."
            cause = "It was killed; most often the system had no memory left."
            raise WorkerError(message(what, cause, "Take fewer workers, or num_workers=0 to see an error.")) from error

    def on_epoch_begin(self) -> None:
        """Nothing: the loader shuffles by itself."""

    def on_epoch_end(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing: the loader's workers end with its iterator."""


class DataLoaderFactory:
    """Recognises DataLoaders for `fit`, `evaluate` and `predict`."""

    def accepts(self, x: Any) -> bool:
        """Whether x is a DataLoader."""
        return isinstance(x, DataLoader)

    def make(self, x: Any, *, batch_size: int | None, shuffle: Any, seed: int | None) -> DataLoaderAdapter:
        """The adapter; a loader says itself how it batches and shuffles."""
        return DataLoaderAdapter(x)
