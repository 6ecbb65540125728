"""Hashing: text and whole numbers as numbers of buckets, without a vocabulary."""

from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.dtypes import is_integer, standardize_dtype
from kmb_core.errors import DTypeError, message
from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.encoding import MODES, as_sparse, check_mode
from kmb_core.layers.preprocessing.fingerprints import fingerprint64, strong_hash
from kmb_core.layers.preprocessing.graph_lookup import encoded_in_graph, has_native_kernels
from kmb_core.layers.preprocessing.packed_bytes import PackedBytes, packed, packed_array, packed_text
from kmb_core.layers.preprocessing.text_layer import TextLayer, as_key, categories
from kmb_core.ops.arithmetic import add, maximum
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Hashing(TextLayer):
    """Give text, or whole numbers, the number of the bucket that their hash falls into.

    Args:
        num_bins: how many buckets there are, that of the mask included.
        mask_value: a value that always gets bucket 0, which no other gets then.
        salt: a whole number or two: hash with SipHash-2-4 under this key (FarmHash's Fingerprint64 when None).
        output_mode: "int", "one_hot", "multi_hot" or "count", see `CategoryEncoding`.
        sparse: sparse outputs, on backends that have such.

    Input: text or integers of any shape. Output: integers of the same shape, or vectors of `num_bins`.

    Raises:
        ValueError: for no buckets, an unknown mode, a wrong salt, or a dtype that is no integer in mode "int".

    Example:
        >>> import kmb_core
        >>> [int(bin) for bin in kmb_core.layers.Hashing(3)(["A", "B", "C"])]
        [1, 0, 1]
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        where = f"Hashing {kwargs.get('name') or ''!r}"
        kwargs["dtype"] = integer_dtype(kwargs.get("dtype"), output_mode, where)
        super().__init__(**kwargs)
        check_mode(self._where(), output_mode, MODES, sparse)
        self.num_bins = checked_bins(num_bins, self._where())
        self.mask_value, self.salt = mask_value, as_key(salt, self._where())
        self.output_mode, self.sparse = output_mode, sparse
        self._needs_no_building()

    def _depth(self) -> int:
        return self.num_bins

    def _output_dtype(self) -> str:
        return self.compute_dtype

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if not has_native_kernels(inputs, "text", "numbers"):
            return super().call(inputs)
        buckets, mask = current_backend().kernels["text_buckets"], self.mask_value
        if mask is None:
            ids = buckets(inputs, self.num_bins, self.salt)
        else:
            ids = buckets(inputs, max(self.num_bins - 1, 1), self.salt, self._as_text([mask])[0])
            ids = maximum(add(ids, int(self.num_bins > 1)), 0)
        result = encoded_in_graph(ids, self.output_mode, self.num_bins, self.compute_dtype, False)
        return as_sparse(result, self._where()) if self.sparse else result

    def _on_host(self, inputs: Any) -> np.ndarray:
        if isinstance(inputs, np.ndarray) and inputs.dtype.kind in "US":
            ids = self._buckets(packed_array(inputs)).reshape(inputs.shape)
            return categories(ids, self.output_mode, self.num_bins, self.compute_dtype)
        items = texts.nested(inputs)
        ids = self._buckets(self._packed(items.values))
        if items.lengths is not None:
            raise ValueError(f"{self._where()}: rows of different lengths; pad them to one")
        return categories(ids.reshape(items.shape), self.output_mode, self.num_bins, self.compute_dtype)  # type: ignore[arg-type]  # all known

    def _packed(self, values: list[Any]) -> PackedBytes:
        return packed_text(values) if set(map(type, values)) == {str} else packed(self._as_text(values))

    def _as_text(self, values: list[Any]) -> list[bytes]:
        kinds = set(map(type, values))
        if not kinds <= {str, bytes, int, np.str_, np.bytes_, np.int64, np.int32}:
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise DTypeError(message(f"{self._where()}: expected text or whole numbers, got {names}"))
        return texts.encoded(v if isinstance(v, (str, bytes)) else str(v) for v in values)

    def _buckets(self, values: PackedBytes) -> np.ndarray:
        masked = None
        bins = self.num_bins
        if self.mask_value is not None:
            masked = values.equals(self._as_text([self.mask_value])[0])
            bins = max(bins - 1, 1)
        hashes = fingerprint64(values) if self.salt is None else strong_hash(values, self.salt)
        ids = (hashes % np.uint64(bins)).astype("int64")
        return ids if masked is None else np.where(masked, 0, ids + (self.num_bins > 1))


def checked_bins(num_bins: Any, where: str) -> int:
    """A number of buckets.

    Raises:
        ValueError: where it is no whole number, or less than one.
    """
    if isinstance(num_bins, bool) or not isinstance(num_bins, (int, np.integer)) or num_bins < 1:
        raise ValueError(f"{where}: num_bins is a whole number, at least 1; got {num_bins!r}")
    return int(num_bins)


def integer_dtype(dtype: Any, output_mode: str, where: str) -> Any:
    """The dtype of a layer that gives out numbers of buckets: int64 where none was asked for.

    Raises:
        ValueError: for a floating dtype in mode "int".
    """
    if output_mode != "int":
        return dtype
    if dtype is None:
        return "int64"
    if isinstance(dtype, str) and not is_integer(standardize_dtype(dtype)):
        raise ValueError(f"{where}: with output_mode 'int' dtype is an integer one, got {dtype!r}")
    return dtype
