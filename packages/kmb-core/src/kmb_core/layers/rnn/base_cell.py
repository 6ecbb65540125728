"""What recurrent cells share: their arguments, the state they start from, and dropout that stays for a whole sequence.

The masks of dropout are drawn once for a sequence, in front of the loop over its steps: `RNN` asks each cell for them
before the first step and lets them go after the last.
"""

from typing import Any

from kmb_core import activations, constraints, initializers, regularizers
from kmb_core.layers.layer import Layer
from kmb_core.ops.creation import ones_like, zeros
from kmb_core.random.draws import dropout
from kmb_core.random.seed_generator import SeedGenerator


class DropoutCell(Layer):
    """A cell that may drop inputs and states; subclasses call `_init_dropout` in `__init__`."""

    dropout: float
    recurrent_dropout: float
    seed_generator: SeedGenerator

    def _init_dropout(self, rate: float, recurrent_rate: float, seed: int | None) -> None:
        self.dropout = clipped_rate(self, "dropout", rate)
        self.recurrent_dropout = clipped_rate(self, "recurrent_dropout", recurrent_rate)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self._forget_masks()

    def _forget_masks(self) -> None:
        own = self.__dict__
        for name in ("_dropout_mask", "_recurrent_dropout_mask"):
            if own.get(name, self) is not None:  # torch compiles less behind a dictionary that was changed
                own[name] = None

    def get_dropout_mask(self, step_input: Any) -> Any:
        """What the inputs of every step are multiplied by: drawn at the first call, the same until it is reset.

        Args:
            step_input: the inputs of one step, for their shape.

        Returns:
            A tensor of zeros and of `1 / (1 - dropout)`; None without dropout.
        """
        if self._dropout_mask is None and self.dropout > 0:
            self.__dict__["_dropout_mask"] = dropout(ones_like(step_input), self.dropout, None, self.seed_generator)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """What the state of every step is multiplied by; see `get_dropout_mask`.

        Args:
            step_input: a state, for its shape.

        Returns:
            A tensor of zeros and of `1 / (1 - recurrent_dropout)`; None without recurrent dropout.
        """
        if self._recurrent_dropout_mask is None and self.recurrent_dropout > 0:
            drawn = dropout(ones_like(step_input), self.recurrent_dropout, None, self.seed_generator)
            self.__dict__["_recurrent_dropout_mask"] = drawn
        return self._recurrent_dropout_mask

    def reset_dropout_mask(self) -> None:
        """Draw another mask for the inputs when the next is asked for."""
        self.__dict__["_dropout_mask"] = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw another mask for the state when the next is asked for."""
        self.__dict__["_recurrent_dropout_mask"] = None

    def _prepare_dropout(self, step_input: Any, states: Any) -> None:
        """Draw the masks of one sequence."""
        self.get_dropout_mask(step_input)
        self.get_recurrent_dropout_mask(states[0])

    def _attributes(self) -> dict[str, Any]:
        return {**super()._attributes(), "_dropout_mask": None, "_recurrent_dropout_mask": None}


class BaseCell(DropoutCell):
    """A cell with a kernel, a recurrent kernel and a bias, in which `_gates` blocks of columns stand side by side."""

    _gates = 1

    def _init_cell(
        self,
        units: int,
        activation: Any,
        use_bias: bool,
        initial: tuple[Any, Any, Any],
        penalties: tuple[Any, Any, Any],
        limits: tuple[Any, Any, Any],
    ) -> None:
        """Set what all cells have: initializers, regularizers and constraints of kernel, recurrent kernel and bias."""
        if not isinstance(units, int) or isinstance(units, bool) or units <= 0:
            raise ValueError(f"{self._where()}: units is a positive int, got {units!r}")
        self.units = units
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer, self.recurrent_initializer, self.bias_initializer = map(initializers.get, initial)
        self.kernel_regularizer, self.recurrent_regularizer, self.bias_regularizer = map(regularizers.get, penalties)
        self.kernel_constraint, self.recurrent_constraint, self.bias_constraint = map(constraints.get, limits)
        self.output_size: Any = units
        self.state_size: Any = units

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        from kmb_core.layers.core.dense import last_size

        features, wide = last_size(self, input_shape), self._gates * self.units
        self._add_weights((features, wide), (self.units, wide), self._bias_shape())

    def _bias_shape(self) -> tuple[int, ...]:
        return (self._gates * self.units,)

    def _first_bias(self) -> Any:
        """The initializer of the bias."""
        return self.bias_initializer

    def _add_weights(self, kernel: tuple[int, ...], recurrent: tuple[int, ...], bias: tuple[int, ...]) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel,
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=recurrent,
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=bias,
                initializer=self._first_bias(),
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _dropped(self, inputs: Any, state: Any, training: bool | None) -> tuple[Any, Any]:
        """Inputs and state after dropout, which happens in training only."""
        if training and self.dropout > 0:
            inputs = inputs * self.get_dropout_mask(inputs)
        if training and self.recurrent_dropout > 0:
            state = state * self.get_recurrent_dropout_mask(state)
        return inputs, state

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Zeros, one tensor of shape `(batch_size, size)` for each part of the state."""
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [zeros((batch_size, size), self.compute_dtype) for size in sizes]


def clipped_rate(layer: Layer, name: str, rate: Any) -> float:
    """A rate of dropout; as Keras has it, what lies outside of 0 to 1 is the nearer of the two."""
    if isinstance(rate, bool) or not isinstance(rate, (int, float)):
        raise ValueError(f"{layer._where()}: {name} is a number from 0 to 1, got {rate!r}")
    return min(1.0, max(0.0, rate))


def with_states(states: Any) -> list[Any]:
    """States as a list: a cell with one state may be given it bare."""
    return list(states) if isinstance(states, (list, tuple)) else [states]
