"""Batches from tf.data: a dataset of batches is read as it is, once for each epoch."""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.loading import dataset_of
from kmb_core.training.batches import pack_x_y_sample_weight, unpack_x_y_sample_weight


class DatasetAdapter:
    """Reads a `tf.data.Dataset` whose elements are batches: x, (x, y) or (x, y, sample_weight)."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        count = int(dataset.cardinality())
        self.num_batches = count if count >= 0 else None
        self.batch_size = _batch_size(dataset.element_spec)

    def batches(self) -> Iterator[tuple[Any, ...]]:
        """The batches of one epoch, as tensors."""
        for element in self.dataset:
            batch = pack_x_y_sample_weight(*unpack_x_y_sample_weight(element))
            yield batch if isinstance(batch, tuple) else (batch,)

    def on_epoch_begin(self) -> None:
        """Nothing: a dataset that shuffles does so by itself."""

    def on_epoch_end(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing: iterators end with the loops over them."""


class DatasetFactory:
    """Recognises tf.data datasets for `fit`, `evaluate` and `predict`, and makes them of the core's loaders."""

    format = "tf"

    def accepts(self, x: Any) -> bool:
        """Whether x is a tf.data dataset."""
        return isinstance(x, tf.data.Dataset)

    def make(self, x: Any, *, batch_size: int | None, shuffle: Any, seed: int | None) -> DatasetAdapter:
        """The adapter; a dataset says itself how it is batched and shuffled."""
        return DatasetAdapter(x)

    def from_loader(self, loader: Any) -> tf.data.Dataset:
        """A dataset with the batches of a loader."""
        return dataset_of(loader)


def _batch_size(specification: Any) -> int | None:
    sizes = [leaf.shape[0] for leaf in tf.nest.flatten(specification) if leaf.shape.rank]
    return sizes[0] if sizes else None
