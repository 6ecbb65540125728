"""Looking up text and numbers in a graph: tables, buckets of hashes and ranges, and counts of what was found."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import DTYPES

_NOWHERE = np.iinfo(np.int64).min


class LookupTable(tf.Module):
    """A table outside of any graph, which graphs and what is saved of them share.

    Args:
        keys: bytes or whole numbers.
        values: bytes or whole numbers, one for each key.
        others: what stands for keys that are not there; None where that is an error.
        where: who looks up, for errors.
    """

    def __init__(self, keys: Sequence[Any], values: Sequence[Any], others: Any, where: str) -> None:
        super().__init__("lookup_table")
        self._where, self._complete = where, others is None
        with tf.init_scope(), tf.device("CPU"):
            content = tf.lookup.KeyValueTensorInitializer(_column(keys), _column(values))
            self._table = tf.lookup.StaticHashTable(content, _NOWHERE if others is None else others)

    def __call__(self, x: Any) -> Any:
        """The values for a graph's tensor of keys."""
        if x.dtype is not tf.string:
            x = tf.cast(x, tf.int64)
        found = self._table.lookup(x)
        return self._checked(found, x) if self._complete else found

    def _checked(self, found: Any, x: Any) -> Any:
        missing = tf.boolean_mask(x, tf.equal(found, _NOWHERE))
        text = f"{self._where}: tokens are not in the vocabulary:"
        with tf.control_dependencies([tf.debugging.Assert(tf.equal(tf.size(missing), 0), [text, missing])]):
            return tf.identity(found)


def _column(values: Sequence[Any]) -> tf.Tensor:
    return tf.constant(values, tf.string if isinstance(values[0], bytes) else tf.int64)


def text_buckets(x: Any, count: int, key: Sequence[int] | None, mask: bytes | None = None) -> Any:
    """The numbers of hashes' buckets, as int64: of FarmHash's Fingerprint64, or of SipHash-2-4 under a key.

    Args:
        x: texts, or whole numbers that are hashed as text.
        count: how many buckets there are.
        key: two words, or None.
        mask: a text that gets -1.
    """
    x = x if x.dtype is tf.string else tf.strings.as_string(x)
    if key is None:
        buckets = tf.strings.to_hash_bucket_fast(x, count)
    else:
        buckets = tf.strings.to_hash_bucket_strong(x, count, list(key))
    return buckets if mask is None else tf.where(tf.equal(x, mask), tf.constant(-1, tf.int64), buckets)


def crossed_buckets(features: Sequence[Any], count: int) -> Any:
    """The numbers of the buckets of values together, as int64 in the shape of the first feature.

    Args:
        features: texts or whole numbers, of shape `()`, `(batch,)` or `(batch, 1)`.
        count: how many buckets there are.
    """
    columns = [tf.reshape(x if x.dtype is tf.string else tf.cast(x, tf.int64), [-1, 1]) for x in features]
    buckets = tf.reshape(tf.sparse.cross_hashed(columns, count).values, tf.shape(features[0]))
    return tf.ensure_shape(buckets, features[0].shape)


def ranges(x: Any, boundaries: Sequence[float]) -> Any:
    """How many of ascending boundaries are not above each number, as int32; all of them for NaN."""
    return tf.raw_ops.Bucketize(input=x, boundaries=list(boundaries))


def row_counts(ids: Any, depth: int, dtype: str, binary: bool, negative: bool) -> Any:
    """How often each number of [0, depth) occurs in each row; others are left out.

    Args:
        ids: int64 or int32 of shape `(..., numbers of a row)`, or a scalar.
        depth: size of the result's last axis.
        dtype: "int64" or "float32".
        binary: whether it occurs at all, as 1 and 0.
        negative: whether there may be numbers below 0.
    """
    ids = tf.reshape(ids, [1]) if ids.shape.rank == 0 else ids
    sizes = tf.shape(ids)
    rows = ids if ids.shape.rank == 2 else tf.reshape(ids, [tf.reduce_prod(sizes[:-1]), sizes[-1]])
    if negative:  # which TensorFlow's kernel does not take: a column more in front
        counted = _counted(tf.maximum(rows, -1) + 1, depth + 1, dtype, binary)[:, 1:]
    else:
        counted = _counted(rows, depth, dtype, binary)
    if ids.shape.rank != 2:
        counted = tf.reshape(counted, tf.concat([sizes[:-1], [depth]], 0))
    return tf.ensure_shape(counted, [*ids.shape[:-1], depth])


def _counted(rows: tf.Tensor, size: int, dtype: str, binary: bool) -> tf.Tensor:
    none = tf.zeros([0], DTYPES[dtype])
    return tf.raw_ops.DenseBincount(input=rows, size=tf.constant(size, rows.dtype), weights=none, binary_output=binary)
