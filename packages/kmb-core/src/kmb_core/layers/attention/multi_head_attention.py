"""MultiHeadAttention: attention several times side by side, each with projections of its own."""

from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.layers.attention.base_heads import BaseHeads
from kmb_core.layers.layer import Layer
from kmb_core.serialization import saved_as
from kmb_core.shapes import normalize_axis


@saved_as("keras.layers")
class MultiHeadAttention(BaseHeads):
    """Project queries, keys and values to several heads, attend in each, and project the heads to the output.

    Args:
        num_heads: number of heads.
        key_dim: depth of queries and keys in each head.
        value_dim: depth of values; `key_dim` when None.
        dropout: probability that a weight is dropped while training.
        use_bias: whether projections have a bias.
        output_shape: size or sizes of the output's features; the query's when None.
        attention_axes: the axes that are attended over; all but batch and features when None.
        sliding_window: a target sees the sources that are less than so many places away; None for all.
        flash_attention: True for a fused kernel, an error where there is none; None for the backend's choice.
        kernel_initializer, bias_initializer: of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint: the same.
        use_gate: whether heads are multiplied by the sigmoid of one more projection of the query.
        seed: makes the draws of dropout repeatable.

    Input: query `(batch, targets, features)`, value and key `(batch, sources, features)`; more axes of places are
    possible. Output: the query's shape with the output's features, and the weights if asked for.

    Raises:
        ValueError: for arguments that do not fit together. ShapeError: for shapes that do not.

    Source: Vaswani et al., "Attention Is All You Need", 2017, section 3.2.2.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.ones((2, 5, 3))
        >>> tuple(kmb_core.layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape)
        (2, 5, 3)
    """

    _names = ("query_dense", "key_dense", "value_dense", "output_dense")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
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
        super().__init__(**kwargs)  # the projections' outputs are regularized, not the layer's own
        self._heads = self._key_heads = num_heads
        self._depth = key_dim
        self._value_depth = key_dim if value_dim is None else value_dim
        self._check_positive(num_heads=num_heads, key_dim=key_dim, value_dim=self._value_depth)
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
        self._output_shape = self._sizes(output_shape, "output_shape")
        self._axes_given = self._sizes(attention_axes, "attention_axes")

    def _sizes(self, given: Any, name: str) -> tuple[int, ...] | None:
        if given is None:
            return None
        sizes = (given,) if isinstance(given, int) else given
        if not isinstance(sizes, (list, tuple)) or not all(isinstance(size, int) for size in sizes) or not sizes:
            raise ValueError(f"{self._where()}: {name} is an int or several, got {given!r}")
        return tuple(sizes)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections."""
        self._attention_axes = self._axes_for(len(query_shape))
        super().build(query_shape, value_shape, key_shape)

    def _axes_for(self, rank: int) -> tuple[int, ...]:
        if self._axes_given is None:
            return tuple(range(1, rank - 1))
        axes = tuple(sorted(normalize_axis(axis, rank, self._where()) for axis in self._axes_given))
        if axes[0] == 0 or axes[-1] == rank - 1:
            raise ShapeError(
                f"{self._where()}: attention_axes {self._axes_given}: batch and features cannot be attended"
            )
        return axes

    def _output_sizes(self, query_shape: tuple[Any, ...]) -> tuple[int, ...]:
        return (query_shape[-1],) if self._output_shape is None else self._output_shape

    @property
    def num_heads(self) -> int:
        """Number of heads."""
        return self._heads

    @property
    def key_dim(self) -> int:
        """Depth of queries and keys in each head."""
        return self._depth

    @property
    def value_dim(self) -> int:
        """Depth of values in each head."""
        return self._value_depth

    @property
    def dropout(self) -> float:
        """Probability that a weight is dropped while training."""
        return self._rate

    @property
    def use_bias(self) -> bool:
        """Whether projections have a bias."""
        return self._use_bias

    @property
    def attention_axes(self) -> tuple[int, ...] | None:
        """The axes that are attended over; None before they are known."""
        return self._attention_axes if self.built else self._axes_given

    @property
    def query_dense(self) -> Layer:
        """The projection of queries."""
        return self._projection_layer("query_dense")

    @property
    def key_dense(self) -> Layer:
        """The projection of keys."""
        return self._projection_layer("key_dense")

    @property
    def value_dense(self) -> Layer:
        """The projection of values."""
        return self._projection_layer("value_dense")

    @property
    def output_dense(self) -> Layer:
        """The projection of the heads to the output."""
        return self._projection_layer("output_dense")

    def _projection_layer(self, name: str) -> Layer:
        if name not in self.__dict__:
            raise AttributeError(f"{self._where()}: no {name} before the layer is built")
        return self.__dict__[name]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "output_shape": self._output_shape}
