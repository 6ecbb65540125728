"""Attention without projections: the inputs are queries, values and keys themselves."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.layers.attention.scores import both, causal_mask, masked_softmax
from kmb_core.layers.layer import Layer
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import expand_dims, transpose
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.random.draws import dropout as dropped
from kmb_core.random.seed_generator import SeedGenerator
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Attention(Layer):
    """`softmax(scores) @ value`, the scores being products of queries and keys (Luong's attention).

    Args:
        use_scale: whether scores are multiplied by a trained number.
        score_mode: "dot" for products, "concat" for `sum(tanh(query + key))` times a trained number.
        dropout: probability that a weight is dropped while training.
        seed: makes the draws repeatable.

    Input: a list [query, value] or [query, value, key]: `(batch, targets, depth)`, `(batch, sources, value depth)`,
    `(batch, sources, depth)`. Output: `(batch, targets, value depth)`, and the weights if asked for.

    Raises:
        ValueError: for another mode or rate. ShapeError: for inputs that do not fit.

    Source: Luong et al., "Effective Approaches to Attention-based Neural Machine Translation", 2015, section 3.1.

    Example:
        >>> import kmb_core
        >>> query, value = kmb_core.ops.zeros((1, 1, 1)), kmb_core.ops.convert_to_tensor([[[1.0], [3.0]]])
        >>> float(kmb_core.layers.Attention()([query, value])[0, 0, 0])
        2.0
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{self._where()}: score_mode is 'dot' or 'concat', got {score_mode!r}")
        if isinstance(dropout, bool) or not 0 <= dropout < 1:
            raise ValueError(f"{self._where()}: dropout is from 0 to less than 1, got {dropout!r}")
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self._shapes(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")

    def _shapes(self, input_shape: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The shapes of query and value."""
        several = isinstance(input_shape, (list, tuple)) and len(input_shape) in (2, 3)
        if not several or not all(isinstance(s, (list, tuple)) and len(s) == 3 for s in input_shape):
            what = f"{self._where()}: expected [query, value] or [query, value, key], got shapes {input_shape}"
            raise ShapeError(message(what, "Each has the axes batch, places and depth.", "Call it on a list."))
        return tuple(input_shape[0]), tuple(input_shape[1])

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool | None = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The outputs for the inputs.

        Args:
            inputs: [query, value] or [query, value, key].
            mask: a list of the query's and the value's mask, `(batch, places)`, or None for each.
            training: whether weights are dropped.
            return_attention_scores: whether the weights are returned too.
            use_causal_mask: whether a target sees no source behind its own place.

        Returns:
            The outputs, or (outputs, weights of (batch, targets, sources)).
        """
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = self._place_masks(mask, len(inputs))
        seen = None if value_mask is None else expand_dims(cast(value_mask, "bool"), -2)
        if use_causal_mask:
            seen = both(seen, expand_dims(causal_mask(sizes_of(query)[1], sizes_of(value)[1]), 0))
        weights = masked_softmax(self._scores(query, key), seen, dtype_of(query))
        if training and self.dropout > 0:
            weights = dropped(weights, self.dropout, seed=self.seed_generator)
        outputs = matmul(weights, value)
        if query_mask is not None:
            outputs = multiply(outputs, expand_dims(cast(query_mask, dtype_of(outputs)), -1))
        return (outputs, weights) if return_attention_scores else outputs

    def _place_masks(self, mask: Any, count: int) -> tuple[Any, Any]:
        if mask is None:
            return None, None
        if not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= count:
            raise ValueError(f"{self._where()}: mask is a list of the masks of query and value, got {mask!r:.60}")
        return mask[0], mask[1]

    def _scores(self, query: Any, key: Any) -> Any:
        """(batch, targets, sources)"""
        scale = None if self.scale is None else self.scale.value
        if self.score_mode == "dot":
            scores = matmul(query, transpose(key, (0, 2, 1)))
            return scores if scale is None else multiply(scores, scale)
        sums = add(expand_dims(query, -2), expand_dims(key, -3))
        sums = sums if scale is None else multiply(sums, scale)
        return multiply(sum_of(tanh(sums), -1), self.concat_score_weight.value)  # type: ignore[union-attr]  # of this mode

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The query's mask."""
        return mask[0] if isinstance(mask, (list, tuple)) and mask else None

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The query's shape, with the value's depth."""
        query, value = self._shapes(input_shape)
        return (*query[:-1], value[-1])

    def compute_output_spec(
        self,
        inputs: Any,
        mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Tensors like the outputs."""
        shapes = [tuple(x.shape) for x in inputs]
        outputs = KerasTensor.like(self.compute_output_shape(shapes), self.compute_dtype)
        if not return_attention_scores:
            return outputs
        return outputs, KerasTensor.like((*shapes[0][:2], shapes[1][1]), self.compute_dtype)
