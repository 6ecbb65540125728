"""CategoryEncoding: numbers of categories as ones among zeros, or counted."""

from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.layers.preprocessing.encoding import as_sparse, check_mode, encoded, encoded_shape
from kmb_core.ops.creation import cast
from kmb_core.ops.operands import dtype_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class CategoryEncoding(DataLayer):
    """Turn categories that are numbers from 0 to `num_tokens - 1` into vectors of that size.

    Args:
        num_tokens: how many categories there are.
        output_mode: "one_hot": a vector for each number; "multi_hot": one for all numbers of a sample, 1 for those that
            occur; "count": how often each occurs.
        sparse: sparse outputs, on backends that have such.

    Input: integers of shape `(batch, numbers)`, `(numbers,)` for one sample, or with more axes in front.
    `count_weights`, of the same shape, says what each counts in mode "count". A number that is no category gives zeros.

    Output: floats of shape `(batch, num_tokens)`; for "one_hot" `(batch, numbers, num_tokens)`, without the middle axis
    where it is 1.

    Raises:
        ValueError: for no, or less than one, token; an unknown mode; weights in another mode than "count".

    Example:
        >>> import kmb_core
        >>> y = kmb_core.layers.CategoryEncoding(4)([[0, 1], [3, 3]])
        >>> [[int(v) for v in row] for row in y]
        [[1, 1, 0, 0], [0, 0, 0, 1]]
    """

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        output_mode = {"binary": "multi_hot"}.get(output_mode, output_mode)
        check_mode(self._where(), output_mode, ("one_hot", "multi_hot", "count"), sparse)
        if isinstance(num_tokens, bool) or not isinstance(num_tokens, (int, np.integer)) or num_tokens < 1:
            cause = "How many categories there are is not known beforehand?"
            what = f"{self._where()}: num_tokens is a whole number, at least 1; got {num_tokens!r}"
            raise ValueError(message(what, cause, "IntegerLookup finds them in the data."))
        self.num_tokens, self.output_mode, self.sparse = int(num_tokens), output_mode, sparse
        self._needs_no_building()

    _unsaved_arguments = frozenset({"sparse"})

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """The outputs for the inputs."""
        if count_weights is not None:
            self._check_weights(inputs, count_weights)
        x = inputs if dtype_of(inputs) != "bool" else cast(inputs, "int32")
        outputs = encoded(cast(x, "int32"), self.output_mode, self.num_tokens, self.compute_dtype, count_weights)
        return as_sparse(outputs, self._where()) if self.sparse else outputs

    def _check_weights(self, inputs: Any, weights: Any) -> None:
        if self.output_mode != "count":
            raise ValueError(f"{self._where()}: count_weights is for output_mode 'count'; it is {self.output_mode!r}")
        known = [None if size is None else int(size) for size in inputs.shape]
        given = [None if size is None else int(size) for size in weights.shape]
        if len(known) != len(given) or any(a != b for a, b in zip(known, given, strict=True) if None not in (a, b)):
            what = f"{self._where()}: count_weights has the shape of the inputs, {known}; got {given}"
            raise ShapeError(message(what))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the inputs with the categories in the place of, or behind, its last axis."""
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Any, count_weights: Any = None) -> Any:
        """A symbolic tensor like the outputs."""
        if count_weights is not None:
            self._check_weights(inputs, count_weights)
        if dtype_of(inputs) == "string":
            raise DTypeError(f"{self._where()}: expected integers, got text")
        shape = self.compute_output_shape(inputs.shape)
        return KerasTensor(shape, dtype=self.compute_dtype, sparse=self.sparse)
