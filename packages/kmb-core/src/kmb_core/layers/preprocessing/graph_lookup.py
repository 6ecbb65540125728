"""GraphLookup: lookups inside a graph by the framework's own tables, where its backend has them.

Such a graph needs no Python when it runs: it may be saved, and its lookups run side by side.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.dtypes import is_float
from kmb_core.layers.preprocessing.encoding import as_sparse, encoded
from kmb_core.layers.preprocessing.text_layer import TextLayer
from kmb_core.layers.preprocessing.texts import encoded as as_bytes
from kmb_core.layers.preprocessing.texts import traced
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.comparison import equal, where
from kmb_core.ops.creation import cast

UNKNOWN = -2  # until it is known what an unknown token becomes


class GraphTables:
    """What backends have made for a vocabulary; no copy of the layer takes it along.

    Attributes:
        made: the table of each backend, by its name.
    """

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}

    def __reduce__(self) -> Any:
        return GraphTables, ()


def has_native_kernels(inputs: Any, *kinds: str) -> bool:
    """Whether inputs are a dense tensor in a graph, of one of the kinds "text" and "numbers", and the framework has
    the kernels to look it up.
    """
    if not traced(inputs) or "lookup_table" not in current_backend().kernels or hasattr(inputs, "row_splits"):
        return False
    name = current_backend().implementation.dtype_name(inputs)
    return ("text" if name == "string" else "numbers" if "int" in name else None) in kinds


def encoded_in_graph(ids: Any, mode: str, depth: int, dtype: str, negative: bool) -> Any:
    """Numbers in an output mode, as `encoding.encoded` has it; those of a row are counted without vectors of each."""
    if mode in ("int", "one_hot"):
        return encoded(ids, mode, depth, dtype)
    kernel = current_backend().kernels["row_counts"]
    return cast(kernel(ids, depth, "float32" if is_float(dtype) else "int64", mode == "multi_hot", negative), dtype)


class GraphLookup(TextLayer):
    """What IndexLookup does in a graph. Its subclass has a vocabulary and knows how it is numbered."""

    _vocabulary_dtype: str
    invert: bool
    num_oov_indices: int
    mask_token: Any
    oov_token: Any
    salt: Any
    idf_weights: np.ndarray | None
    _tables: dict[Any, Any]

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens in the order of their numbers."""
        raise NotImplementedError

    def _known(self) -> list[Any]:
        raise NotImplementedError

    def _first_unknown(self) -> int:
        raise NotImplementedError

    def _width(self) -> int:
        raise NotImplementedError

    def _table(self, values: Sequence[Any]) -> Mapping[Any, int]:
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if not self._has_native_table(inputs):
            return super().call(inputs)
        found = self._graph_table()(inputs)
        if self.invert:
            return found
        result = self._encoded_in_graph(self._with_unknown_in_graph(found, inputs))
        return as_sparse(result, self._where()) if self.sparse else result

    def _has_native_table(self, inputs: Any) -> bool:
        text = self._vocabulary_dtype == "string" and not self.invert
        return has_native_kernels(inputs, "text" if text else "numbers")

    def _graph_table(self) -> Any:
        """The table of the current backend, made once for a vocabulary."""
        self._known()
        backend, tables = current_backend(), self._tables.setdefault("graph", GraphTables()).made
        if backend.name not in tables:
            tables[backend.name] = backend.kernels["lookup_table"](*self._content(), self._where())
        return tables[backend.name]

    def _content(self) -> tuple[list[Any], list[Any], Any]:
        """Keys, values, and the value for other keys, None where there is none."""
        if self.invert:
            tokens = [*self.get_vocabulary(), self.oov_token]
            *values, others = as_bytes(tokens) if self._vocabulary_dtype == "string" else tokens
            return list(range(len(values))), values, others
        table = self._table([b""])
        others = UNKNOWN if self.num_oov_indices > 1 else self._first_unknown() if self.num_oov_indices else None
        return list(table), list(table.values()), others

    def _with_unknown_in_graph(self, found: Any, inputs: Any) -> Any:
        if self.num_oov_indices < 2:
            return found
        return where(equal(found, UNKNOWN), add(self._spread_in_graph(inputs), self._first_unknown()), found)

    def _spread_in_graph(self, inputs: Any) -> Any:
        """For each token, which of the numbers for unknown ones it gets."""
        return current_backend().kernels["text_buckets"](inputs, self.num_oov_indices, self.salt)

    def _encoded_in_graph(self, ids: Any) -> Any:
        negative = self.mask_token is not None
        result = encoded_in_graph(ids, self.output_mode, self._width(), self._output_dtype(), negative)
        return multiply(result, self.idf_weights) if self.output_mode == "tf_idf" else result
