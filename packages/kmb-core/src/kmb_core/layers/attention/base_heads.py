"""What attention layers of several heads share: arguments, projections, masks, and the call.

A projection is one matrix product (`EinsumDense`), attention itself one op with a kernel of the framework. Heads lie
beside each other in the weights: `(inputs, heads, depth)`.
"""

import math
from typing import Any

from kmb_core import constraints, initializers, regularizers
from kmb_core.backend import KerasTensor
from kmb_core.errors import ShapeError, message
from kmb_core.layers.activation.softmax import Softmax
from kmb_core.layers.attention.scores import both, causal_mask, weighted_attention, window_mask
from kmb_core.layers.core.einsum_dense import EinsumDense
from kmb_core.layers.layer import Layer
from kmb_core.layers.regularization.dropout import Dropout
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import broadcast_to, expand_dims, reshape, transpose
from kmb_core.ops.nn.activations import sigmoid
from kmb_core.ops.nn.attention import dot_product_attention
from kmb_core.ops.tensors import shape as sizes_of

_SIDES = "abcdefghijklmnopqrstu"  # letters of the axes in front; x: features, y: heads, z: depth, v and w: outputs


class BaseHeads(Layer):
    """Attention of several heads; subclasses say how many, how deep, and over which axes.

    A subclass has `_heads`, `_key_heads`, `_depth`, `_value_depth`, `_output_sizes(query_shape)`, and sets
    `_attention_axes` before its weights are built.
    """

    _unsaved_arguments = frozenset({"flash_attention"})
    _heads: int
    _key_heads: int
    _depth: int
    _value_depth: int
    _rate: float
    _names: tuple[str, str, str, str] = ("_query_dense", "_key_dense", "_value_dense", "_output_dense")
    _attention_axes: tuple[int, ...] = (1,)
    _gate_dense: Layer | None = None

    def _keep(
        self,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        flash_attention: bool | None,
        use_gate: bool,
        seed: int | None,
    ) -> None:
        """Keep the arguments that tell how attention is worked out."""
        where = self._where()
        if isinstance(dropout, bool) or not 0 <= dropout < 1:
            raise ValueError(f"{where}: dropout is from 0 to less than 1, got {dropout!r}")
        if sliding_window is not None and (not isinstance(sliding_window, int) or sliding_window < 1):
            raise ValueError(f"{where}: sliding_window is a positive int or None, got {sliding_window!r}")
        if flash_attention and dropout > 0:
            raise ValueError(message(f"{where}: flash attention drops no weights", None, "Set dropout to 0."))
        self._rate, self._window = dropout, sliding_window
        self._use_bias, self._use_gate = use_bias, use_gate
        self._flash_attention = flash_attention
        self.seed = seed
        self.supports_masking = True

    def _keep_weights(
        self,
        kernel_initializer: Any,
        bias_initializer: Any,
        kernel_regularizer: Any,
        bias_regularizer: Any,
        kernel_constraint: Any,
        bias_constraint: Any,
        activity_regularizer: Any,
    ) -> None:
        """Keep how the projections' weights are made."""
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._projections_regularizer = regularizers.get(activity_regularizer)

    def _check_positive(self, **counts: Any) -> None:
        for name, count in counts.items():
            if not isinstance(count, int) or isinstance(count, bool) or count < 1:
                raise ValueError(f"{self._where()}: {name} is a positive int, got {count!r}")

    # Building ----------------------------------------------------------------------------------------------------

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections."""
        shapes = self._checked(query_shape, value_shape, key_shape)
        query_name, key_name, value_name, output_name = self._names
        self._project(query_name, "query", shapes[0], (self._heads, self._depth))
        self._project(key_name, "key", shapes[2], (self._key_heads, self._depth))
        if self._use_gate:
            self._project("_gate_dense", "gate", shapes[0], (self._heads, self._value_depth))
        self._project(value_name, "value", shapes[1], (self._key_heads, self._value_depth))
        self._softmax = Softmax(axis=-1, dtype=self.dtype_policy, name="softmax")
        self._dropout_layer = Dropout(self._rate, seed=self.seed, dtype=self.dtype_policy, name="dropout")
        self._build_output(output_name, shapes[0])

    def _checked(self, query: Any, value: Any, key: Any) -> tuple[tuple[Any, ...], ...]:
        query, value = tuple(query), tuple(value)
        key = value if key is None else tuple(key)
        fits = len(query) == len(value) == len(key) > 2 and _agree(value[:-1], key[:-1])
        if not fits:
            what = f"{self._where()}: query {query}, value {value} and key {key} do not fit"
            cause = "Each has batch, places and features, and value and key have the same places."
            raise ShapeError(message(what, cause, None))
        return query, value, key

    def _project(self, attribute: str, name: str, shape: tuple[Any, ...], sizes: tuple[int, int]) -> None:
        """Make a projection of the features to heads."""
        front = _SIDES[: len(shape) - 1]
        layer = self._einsum(f"{front}x,xyz->{front}yz", (*(None,) * (len(shape) - 2), *sizes), "yz", name)
        layer.build(shape)
        self._hold(attribute, layer)

    def _build_output(self, attribute: str, query_shape: tuple[Any, ...]) -> None:
        sizes, front = self._output_sizes(query_shape), _SIDES[: len(query_shape) - 1]
        letters = _SIDES[len(front) : len(front) + len(sizes)]
        equation = f"{front}yz,yz{letters}->{front}{letters}"
        layer = self._einsum(equation, (*(None,) * (len(front) - 1), *sizes), letters, "attention_output")
        layer.build((*query_shape[:-1], self._heads, self._value_depth))
        self._hold(attribute, layer)

    def _einsum(self, equation: str, output_shape: tuple[Any, ...], bias_axes: str, name: str) -> EinsumDense:
        return EinsumDense(
            equation,
            output_shape=output_shape,
            bias_axes=bias_axes if self._use_bias else None,
            kernel_initializer=_another(self.kernel_initializer),
            bias_initializer=_another(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            activity_regularizer=self._projections_regularizer,
            dtype=self.dtype_policy,
            name=name,
        )

    def _hold(self, attribute: str, layer: Layer) -> None:
        """Make a layer an attribute of a name that may be that of a property; files know it by this name."""
        self.__dict__[attribute] = layer
        self._track(attribute, layer, None)

    def _output_sizes(self, query_shape: tuple[Any, ...]) -> tuple[int, ...]:
        return (query_shape[-1],)

    # Calling -----------------------------------------------------------------------------------------------------

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """The outputs for the inputs.

        Args:
            query: (batch, ...targets, features).
            value: (batch, ...sources, features).
            key: (batch, ...sources, features); value when None.
            query_mask, value_mask, key_mask: (batch, places): which places count; from the inputs themselves when None.
            attention_mask: (batch, targets, sources), or with an axis of heads: which sources a target may see.
            return_attention_scores: whether the weights are returned too.
            training: whether weights are dropped.
            use_causal_mask: whether a target sees no source behind its own place.

        Returns:
            The outputs, or with `return_attention_scores` (outputs, weights of (batch, heads, targets, sources)).

        Raises:
            ShapeError: when the shapes do not fit. ValueError: for weights of flash attention.
        """
        key = value if key is None else key
        if self._flash_attention and return_attention_scores:
            raise ValueError(f"{self._where()}: flash attention never holds its weights: there are none to return")
        places = (query_mask, value_mask, key_mask)
        mask = self._mask(query, value, places, attention_mask, use_causal_mask)
        attributes = self.__dict__
        layers = [attributes[name] for name in self._names]
        q, k, v = layers[0](query), layers[1](key), layers[2](value)
        outputs, weights = self._attend(q, k, v, mask, return_attention_scores, bool(training))
        gate = attributes.get("_gate_dense")
        if gate is not None:
            outputs = multiply(outputs, sigmoid(gate(query)))
        outputs = layers[3](outputs)
        return (outputs, weights) if return_attention_scores else outputs

    def _attend(self, q: Any, k: Any, v: Any, mask: Any, weights_wanted: bool, training: bool) -> tuple[Any, Any]:
        """Attention over the axes that it is over."""
        if len(q.shape) == 4 and self._attention_axes == (1,):
            return self._attend_plain(q, k, v, mask, weights_wanted, training)
        axes = _Axes(len(q.shape), self._attention_axes)
        query, key, value = axes.flat(q), axes.flat(k), axes.flat(v)
        mask = None if mask is None else axes.flat_mask(mask, sizes_of(q), sizes_of(k))
        outputs, weights = self._attend_plain(query, key, value, mask, weights_wanted, training)
        outputs = axes.unfolded(outputs, sizes_of(q))
        return outputs, None if weights is None else axes.unfolded_weights(weights, sizes_of(q), sizes_of(k))

    def _attend_plain(self, q: Any, k: Any, v: Any, mask: Any, weights_wanted: bool, training: bool) -> tuple[Any, Any]:
        if mask is not None and len(mask.shape) == 3:
            mask = expand_dims(mask, 1)
        rate = self._rate if training else 0.0
        if weights_wanted or rate:
            return weighted_attention(q, k, v, mask, rate, self._dropout_layer.seed_generator)
        return dot_product_attention(q, k, v, mask=mask, flash_attention=self._flash_attention), None

    def _mask(self, query: Any, value: Any, places: tuple[Any, Any, Any], mask: Any, causal: bool) -> Any:
        """Everything that says which sources a target sees: `(batch, targets, sources)`, or None for all."""
        query_mask, value_mask, key_mask = places
        found = None if mask is None else cast(mask, "bool")
        if query_mask is not None:
            found = both(found, expand_dims(cast(query_mask, "bool"), -1))
        for sources in (value_mask, key_mask):
            if sources is not None:
                found = both(found, expand_dims(cast(sources, "bool"), -2))
        if causal or self._window is not None:
            found = both(found, self._place_mask(query, value, causal))
        return found

    def _place_mask(self, query: Any, value: Any, causal: bool) -> Any:
        targets, sources = sizes_of(query)[1], sizes_of(value)[1]
        found = causal_mask(targets, sources) if causal else None
        if self._window is not None:
            found = both(found, window_mask(targets, sources, self._window))
        return expand_dims(found, 0)

    # Describing --------------------------------------------------------------------------------------------------

    def compute_output_shape(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> Any:
        """The query's shape, with the output's size for its features."""
        query, _, _ = self._checked(query_shape, value_shape, key_shape)
        return (*query[:-1], *self._output_sizes(query))

    def compute_output_spec(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Tensors like the outputs."""
        shapes = tuple(query.shape), tuple(value.shape), None if key is None else tuple(key.shape)
        outputs = KerasTensor.like(self.compute_output_shape(*shapes), self.compute_dtype)
        if not return_attention_scores:
            return outputs
        axes = _Axes(len(shapes[0]) + 1, self._attention_axes)
        front = tuple(shapes[0][axis] for axis in axes.batch)
        targets, sources = (tuple(shape[axis] for axis in axes.attended) for shape in shapes[:2])  # type: ignore[index]
        return outputs, KerasTensor.like((*front, self._heads, *targets, *sources), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config["activity_regularizer"] = regularizers.serialize(self._projections_regularizer)
        return config


class _Axes:
    """Attention over some of several axes: the others join the batch, these become one axis of places."""

    def __init__(self, rank: int, attended: tuple[int, ...]) -> None:
        self.attended = attended
        self.batch = tuple(axis for axis in range(rank - 2) if axis not in attended)
        order = (*self.batch, *attended, rank - 2, rank - 1)
        self.order = None if order == tuple(range(rank)) else order
        self.back = tuple(order.index(axis) for axis in range(rank))

    def _sizes(self, sizes: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(sizes[axis] for axis in self.batch), tuple(sizes[axis] for axis in self.attended)

    def flat(self, x: Any) -> Any:
        """(batch, places, heads, depth)"""
        front, places = self._sizes(sizes_of(x))
        x = x if self.order is None else transpose(x, self.order)
        return reshape(x, (math.prod(front), math.prod(places), *x.shape[-2:]))

    def unfolded(self, x: Any, sizes: Any) -> Any:
        """The axes as they were."""
        front, places = self._sizes(sizes)
        x = reshape(x, (*front, *places, *x.shape[-2:]))
        return x if self.order is None else transpose(x, self.back)

    def unfolded_weights(self, weights: Any, query: Any, key: Any) -> Any:
        """(*batch, heads, *targets, *sources)"""
        front, targets = self._sizes(query)
        return reshape(weights, (*front, weights.shape[1], *targets, *self._sizes(key)[1]))

    def flat_mask(self, mask: Any, query: Any, key: Any) -> Any:
        """(batch or 1, heads or 1, targets, sources), of a mask like the weights, or one without the heads."""
        front, targets = self._sizes(query)
        sources = self._sizes(key)[1]
        count = len(targets)
        if len(mask.shape) < len(front) + 1 + 2 * count:
            mask = expand_dims(mask, -2 * count - 1)
        while len(mask.shape) < len(front) + 1 + 2 * count:
            mask = expand_dims(mask, 1)
        sizes = sizes_of(mask)
        lead = sizes[: len(front)]
        if len(front) > 1 and any(not isinstance(s, int) or s == 1 for s in lead):
            mask, lead = broadcast_to(mask, (*front, *sizes[len(front) :])), front
        shape = (math.prod(lead), sizes[len(front)], math.prod(targets), math.prod(sources))
        full = (*sizes_of(mask)[: len(front) + 1], *targets, *sources)
        return reshape(broadcast_to(mask, full), shape)


def _agree(first: tuple[Any, ...], second: tuple[Any, ...]) -> bool:
    return all(None in pair or pair[0] == pair[1] for pair in zip(first, second, strict=True))


def _another(initializer: Any) -> Any:
    """An initializer of the same kind: one object would give every projection of a size the same weights."""
    described = hasattr(initializer, "get_config")
    return type(initializer).from_config(initializer.get_config()) if described else initializer
