"""Grouped-query attention: groups of query heads share the heads of keys and values."""

from typing import Any

from kmb_core.layers.attention.base_heads import BaseHeads
from kmb_core.serialization import saved_as


@saved_as("keras.layers", "GroupQueryAttention")
class GroupedQueryAttention(BaseHeads):
    """Attention of several heads, neighbours of which share one head of keys and values.

    Args:
        head_dim: depth of each head.
        num_query_heads: number of heads of queries.
        num_key_value_heads: number of heads of keys and values; it divides `num_query_heads`.
        dropout: probability that a weight is dropped while training.
        use_bias: whether projections have a bias.
        sliding_window: a target sees the sources that are less than so many places away; None for all.
        flash_attention: True for a fused kernel, an error where there is none; None for the backend's choice.
        kernel_initializer, bias_initializer: of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint: the same.
        use_gate: whether heads are multiplied by the sigmoid of one more projection of the query.
        seed: makes the draws of dropout repeatable.

    Input: query `(batch, targets, features)`, value and key `(batch, sources, features)`.
    Output: the query's shape, and the weights if asked for.

    Raises:
        ValueError: for arguments that do not fit together. ShapeError: for shapes that do not.

    Source: Ainslie et al., "GQA: Training Generalized Multi-Query Transformer Models", 2023.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.ones((2, 5, 3))
        >>> tuple(kmb_core.layers.GroupQueryAttention(head_dim=2, num_query_heads=4, num_key_value_heads=2)(x, x).shape)
        (2, 5, 3)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        counts = {"head_dim": head_dim, "num_query_heads": num_query_heads, "num_key_value_heads": num_key_value_heads}
        self._check_positive(**counts)
        if num_query_heads % num_key_value_heads:
            what = f"{num_query_heads} query heads do not divide into {num_key_value_heads} groups"
            raise ValueError(f"{self._where()}: {what}")
        self.head_dim = self._depth = self._value_depth = head_dim
        self.num_query_heads = self._heads = num_query_heads
        self.num_key_value_heads = self._key_heads = num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads
        self.dropout = dropout
        self.use_bias = use_bias
        self.use_gate = use_gate
        self.sliding_window = sliding_window
        self._keep(dropout, use_bias, sliding_window, flash_attention, use_gate, seed)
        self._keep_weights(
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            kernel_constraint,
            bias_constraint,
            activity_regularizer,
        )


GroupQueryAttention = GroupedQueryAttention
