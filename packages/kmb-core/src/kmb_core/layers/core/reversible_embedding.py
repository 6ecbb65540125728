"""ReversibleEmbedding: integers to vectors, and vectors back to scores of the integers."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError
from kmb_core.layers.core.embedding import Embedding
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import divide, multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import transpose
from kmb_core.ops.nn.integer_projection import integer_dense
from kmb_core.ops.nn.projection import dense
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ReversibleEmbedding(Embedding):
    """Rows of a trained table; with `reverse=True` in a call, products of vectors with all rows.

    Args:
        input_dim: number of rows.
        output_dim: size of a row.
        tie_weights: whether the way back uses the same table; else one of its own.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 is padding and masked.
        reverse_dtype: dtype of the way back; the compute dtype when None.
        logit_soft_cap: scores become `cap * tanh(scores / cap)`; None for no cap.

    Input: integers of any shape; reversed, `(..., output_dim)`. Output: the same with `output_dim` as one more axis;
    reversed, `(..., input_dim)`.

    Raises:
        ValueError: for sizes that are no positive ints.

    Source: Press and Wolf, "Using the Output Embedding to Improve Language Models", 2017.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.ReversibleEmbedding(10, 4)
        >>> vectors = layer(kmb_core.ops.zeros((2, 3), "int32"))
        >>> tuple(vectors.shape), tuple(layer(vectors, reverse=True).shape)
        ((2, 3, 4), (2, 3, 10))
    """

    _unsaved_arguments = frozenset({"weights"})

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        super().build(input_shape)
        if not self.tie_weights and self._keeps_weights():
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """The outputs for the inputs; with `reverse`, the scores of all rows."""
        if not reverse:
            return super().call(inputs)
        if self._mode is not None:
            return self.quantized_call(inputs, reverse=True)
        dtype = self.reverse_dtype or self.compute_dtype
        table = self.embeddings if self.tie_weights else self.reverse_embeddings
        table = cast(getattr(table, "value", table), dtype)
        return self._capped(dense(cast(inputs, dtype), transpose(table) if self.tie_weights else table))

    def _capped(self, scores: Any) -> Any:
        if self.logit_soft_cap is None:
            return scores
        return multiply(tanh(divide(scores, self.logit_soft_cap)), self.logit_soft_cap)

    # Quantization ------------------------------------------------------------------------------------------------

    def quantizable_weights(self) -> tuple[QuantizableWeight, ...]:
        """The table, and the one of the way back where it is another."""
        tables = super().quantizable_weights()
        if self.tie_weights:
            return tables
        back = QuantizableWeight(
            "reverse_embeddings",
            "reverse_embeddings",
            (self.output_dim, self.input_dim),
            (0,),
            (0, 1),
            (self.input_dim,),
            packed_axis=0,
            zero_dtype="float32",
            group_index=None,
        )
        return (*tables, back)

    def quantized_build(self, embeddings_shape: Any, mode: str, config: Any = None) -> None:
        """Make the tables' variables in a mode; see `Embedding.quantized_build`."""
        super().quantized_build(embeddings_shape, mode, config)

    def quantized_call(self, inputs: Any, reverse: bool = False) -> Any:
        """The rows for the inputs, or with `reverse` the scores of all rows, in the layer's mode."""
        if not reverse:
            return super().quantized_call(inputs)
        assert self._mode is not None
        inputs = cast(inputs, self.compute_dtype)
        scores = self._mode.outputs(self, self.quantizable_weights()[-1], inputs, None)
        return self._capped(cast(scores, self.reverse_dtype or self.compute_dtype))

    def project(self, inputs: Any, value: Any, weight: QuantizableWeight) -> Any:
        """Products of vectors with all rows of a table, in integers for integers."""
        table = transpose(value) if self.tie_weights else value
        return integer_dense(inputs, table) if dtype_of(table) == "int8" else dense(inputs, table)

    def project_back(self, upstream: Any, value: Any, weight: QuantizableWeight) -> Any:
        """Sums of rows."""
        return dense(upstream, value if self.tie_weights else transpose(value))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where the index is not 0; None unless `mask_zero`, and none for vectors."""
        return None if inputs.dtype in self._backend.floats else super().compute_mask(inputs, mask)

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        """The inputs' shape and `output_dim`; with `reverse`, `input_dim` for the last size."""
        if not reverse:
            return super().compute_output_shape(input_shape)
        if not input_shape:
            raise ShapeError(f"{self._where()}: expected vectors, got shape {input_shape}")
        return (*input_shape[:-1], self.input_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> Any:
        """A tensor of that shape."""
        dtype = (self.reverse_dtype or self.compute_dtype) if reverse else self.compute_dtype
        return KerasTensor.like(self.compute_output_shape(inputs.shape, reverse), dtype)
