"""HashedCrossing: two or more features as one, by the hash of their values together."""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.layers.preprocessing import texts
from kmb_core.layers.preprocessing.encoding import as_sparse, check_mode
from kmb_core.layers.preprocessing.fingerprints import CROSS_KEY, fingerprint64, joined
from kmb_core.layers.preprocessing.graph_lookup import encoded_in_graph
from kmb_core.layers.preprocessing.hashing import checked_bins, integer_dtype
from kmb_core.layers.preprocessing.packed_bytes import packed_array
from kmb_core.layers.preprocessing.text_layer import TextLayer, categories
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class HashedCrossing(TextLayer):
    """Give combinations of values the number of the bucket that their hash falls into.

    Args:
        num_bins: how many buckets there are.
        output_mode: "int" or "one_hot".
        sparse: sparse outputs, on backends that have such.

    Input: at least two features, text or integers, each of shape `()`, `(batch,)` or `(batch, 1)`.

    Output: integers of the same shape, or vectors of `num_bins` floats.

    Raises:
        ValueError: for no buckets, an unknown mode, or less than two features.
        ShapeError: for features of several values. DTypeError: for floats.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.HashedCrossing(5)
        >>> [int(bin) for bin in layer([["A", "B", "A"], [101, 101, 102]])]
        [1, 4, 3]
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        dtype = integer_dtype(dtype, output_mode, f"HashedCrossing {name or ''!r}")
        super().__init__(name=name, dtype=dtype, **kwargs)
        check_mode(self._where(), output_mode, ("int", "one_hot"), sparse)
        self.num_bins = checked_bins(num_bins, self._where())
        self.output_mode, self.sparse = output_mode, sparse
        self._needs_no_building()

    def _depth(self) -> int:
        return self.num_bins

    def _output_dtype(self) -> str:
        return self.compute_dtype

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        features = self._checked(inputs)
        if _suits_kernel(features):
            backend = current_backend()
            buckets = backend.kernels["crossed_buckets"](list(map(backend.convert, features)), self.num_bins)
            result = encoded_in_graph(buckets, self.output_mode, self.num_bins, self.compute_dtype, False)
        elif any(map(texts.traced, features)):
            backend = current_backend()
            tensors = [backend.convert(x) for x in features]
            shape = self.compute_output_shape([backend.static_shape(x) for x in tensors])
            result = texts.on_host(self._crossed, tensors, self._output_dtype(), shape, self._where())
        else:
            result = self._handed_out(self._crossed(*features))
        return as_sparse(result, self._where()) if self.sparse else result

    def _array(self, inputs: Any) -> Any:
        """Each feature as an array."""
        array = super()._array
        return [array(x) if isinstance(x, (list, tuple)) else x for x in inputs]

    def _checked(self, inputs: Any) -> list[Any]:
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            count = len(inputs) if isinstance(inputs, (list, tuple)) else 1
            raise ValueError(f"{self._where()}: expected a list of at least two features, got {count}")
        return list(inputs)

    def _crossed(self, *features: Any) -> np.ndarray:
        columns = [_column(feature) for feature in features]
        shapes = {column.shape for column in columns}
        if len(shapes) > 1 or any(len(s) > 2 or (len(s) == 2 and s[1] != 1) for s in shapes):
            what = f"{self._where()}: features have one shape, (), (batch,) or (batch, 1); got {sorted(shapes)}"
            raise ShapeError(message(what))
        words = [self._words(column) for column in columns]
        hashes = np.full(len(words[0]), CROSS_KEY)
        for word in words:
            hashes = joined(hashes, word)
        ids = (hashes % np.uint64(self.num_bins)).astype("int64").reshape(columns[0].shape)  # type: ignore[arg-type]  # all known
        return categories(ids, self.output_mode, self.num_bins, self.compute_dtype)

    def _words(self, column: np.ndarray | texts.Items) -> np.ndarray:
        """Whole numbers as they are, text as its fingerprint."""
        if isinstance(column, np.ndarray):
            return column.ravel().astype("uint64") if column.dtype.kind in "iu" else fingerprint64(packed_array(column))
        values = column.values
        kinds = set(map(type, values))
        if kinds <= {int}:
            return np.array(values, "int64").astype("uint64")
        if kinds <= {str, bytes, np.str_, np.bytes_}:
            return fingerprint64(texts.encoded(values))
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DTypeError(message(f"{self._where()}: features are text or whole numbers, got {names}"))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of one feature; the buckets in the place of its last axis of 1, or behind it."""
        return super().compute_output_shape(tuple(input_shape[0]))

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbolic tensor like the outputs."""
        shape = self.compute_output_shape([x.shape for x in self._checked(inputs)])
        return KerasTensor(shape, dtype=self._tensor_dtype(), sparse=self.sparse)


def _column(feature: Any) -> np.ndarray | texts.Items:
    """A feature as it is, where it is an array of text or whole numbers; else its values."""
    plain = isinstance(feature, np.ndarray) and feature.dtype.kind in "USiu"
    return feature if plain else texts.nested(feature)


def _suits_kernel(features: list[Any]) -> bool:
    """Whether the framework crosses features itself, and these are text or whole numbers of one known shape."""
    if "crossed_buckets" not in current_backend().kernels:
        return False
    shapes = [_column_shape(feature) for feature in features]
    shape = shapes[0]
    return shape is not None and all(s == shape for s in shapes) and (len(shape) < 2 or shape[1:] == (1,))


def _column_shape(feature: Any) -> tuple[int | None, ...] | None:
    """The shape of an array or a dense tensor of text or whole numbers; None for what has to be looked through."""
    if isinstance(feature, np.ndarray):
        return feature.shape if feature.dtype.kind in "USiu" else None
    backend = current_backend()
    if not backend.is_tensor(feature) or feature.__class__ in backend.sparse_types or hasattr(feature, "row_splits"):
        return None
    name = backend.implementation.dtype_name(feature)
    return backend.static_shape(feature) if name == "string" or "int" in name else None
