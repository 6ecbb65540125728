"""TextLayer: what layers of text and hashes share. They compute on the host, in NumPy, on every backend.

Values come in and go out as the current backend's tensors. In a graph (inside the `map` of a dataset) the graph calls
the same functions on the host, so results are the same to the bit wherever a layer is called.
"""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import message
from kmb_core.layers.preprocessing.data_layer import DataLayer, holds_values
from kmb_core.layers.preprocessing.encoding import as_sparse, encoded_shape
from kmb_core.layers.preprocessing.texts import on_host, traced
from kmb_core.plugins import Capability


class TextLayer(DataLayer):
    """A layer whose `_on_host` turns what it is given into an array.

    Subclasses define `_on_host(inputs)`, `_depth()`, `_output_dtype()` and, unless they have an attribute of that name,
    `output_mode`.
    """

    output_mode: str
    sparse: bool

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._convert_input_args = False  # text is no tensor on most backends

    def _on_host(self, inputs: Any) -> np.ndarray:
        raise NotImplementedError

    def _depth(self) -> int | None:
        """How many categories there are; None while that is not known."""
        raise NotImplementedError

    def _output_dtype(self) -> str:
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if traced(inputs):
            shape = self.compute_output_shape(current_backend().static_shape(inputs))
            result = on_host(self._on_host, [inputs], self._output_dtype(), shape, self._where())
        else:
            result = self._handed_out(self._on_host(inputs))
        return as_sparse(result, self._where()) if self.sparse else result

    def _handed_out(self, array: np.ndarray) -> Any:
        """An array as a tensor of the current backend; text stays an array where the backend has none."""
        backend = current_backend()
        if array.dtype.kind in "US" and not backend.supports(Capability.STRINGS):
            return array
        return backend.convert(array, None if array.dtype.kind in "US" else self._output_dtype())

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape; for other modes than "int" with the categories in place of, or behind, the last axis."""
        return encoded_shape(input_shape, self.output_mode, self._depth())

    def compute_output_spec(self, inputs: Any) -> Any:
        """A symbolic tensor like the outputs."""
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=self._tensor_dtype(), sparse=self.sparse)

    def _tensor_dtype(self) -> str:
        """The dtype that a tensor of `_output_dtype` has on the layer's backend, which may know no 64 bits."""
        dtype = self._output_dtype()
        return dtype if dtype == "string" else standardize_dtype(self._backend.implementation.native_dtype(dtype))

    def _array(self, inputs: Any) -> Any:
        """Lists of text or numbers as an array of objects, which nobody walks through."""
        return np.array(inputs, dtype=object) if holds_values(inputs) else inputs


def counted(
    ids: np.ndarray, lengths: np.ndarray, depth: int, mode: str, dtype: str, weights: np.ndarray | None = None
) -> np.ndarray:
    """Rows of numbers as rows of `depth` counts; numbers below 0 are left out.

    Args:
        ids: the numbers of all rows, one after the other.
        lengths: how many each row has.
        depth: size of the result's last axis.
        mode: "multi_hot", "count" or "tf_idf".
        dtype: of the result.
        weights: for "tf_idf", what each number counts, of shape `(depth,)`.
    """
    rows = np.repeat(np.arange(len(lengths)), lengths)
    places = (rows * depth + ids)[ids >= 0]
    if mode == "multi_hot":
        result = np.zeros(len(lengths) * depth, dtype)
        result[places] = 1
        return result.reshape(-1, depth)
    result = np.bincount(places, minlength=len(lengths) * depth).reshape(-1, depth).astype(dtype)
    if mode == "tf_idf":
        result *= weights
    return result


def categories(ids: np.ndarray, mode: str, depth: int, dtype: str, weights: np.ndarray | None = None) -> np.ndarray:
    """Numbers of shape `(..., numbers of a sample)` in an output mode, as `encoding.encoded` has it, in NumPy."""
    if mode == "int":
        return ids.astype(dtype)
    if mode == "one_hot":
        ids = ids.reshape(1) if ids.ndim == 0 else ids[..., 0] if ids.ndim > 1 and ids.shape[-1] == 1 else ids
        result = np.zeros((ids.size, depth), dtype)
        flat = ids.ravel()
        present = flat >= 0
        result[np.flatnonzero(present), flat[present]] = 1
        return result.reshape(*ids.shape, depth)
    rows = np.atleast_1d(ids)
    lengths = np.full(int(np.prod(rows.shape[:-1])), rows.shape[-1])
    return counted(rows.ravel(), lengths, depth, mode, dtype, weights).reshape(*rows.shape[:-1], depth)


def as_key(salt: Any, where: str) -> list[int] | None:
    """A salt as a key of two words.

    Raises:
        ValueError: where it is neither a whole number nor two.
    """
    if salt is None:
        return None
    if isinstance(salt, (int, np.integer)) and not isinstance(salt, bool):
        return [int(salt), int(salt)]
    if isinstance(salt, (list, tuple)) and len(salt) == 2 and all(isinstance(word, (int, np.integer)) for word in salt):
        return [int(word) for word in salt]
    raise ValueError(message(f"{where}: salt is a whole number, or a pair of them; got {salt!r}"))
