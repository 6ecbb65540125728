"""RNN: a cell stepped through time."""

from typing import Any

from kmb_core import initializers, tree
from kmb_core.backend import KerasTensor, SymbolicScope, Variable, name_scope
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.layers.rnn.stacked_rnn_cells import StackedRNNCells, build_cell, output_size, sizes_of
from kmb_core.layers.rnn.stepping import forget_dropout, initial_state, is_cell, prepare_dropout, state_shapes, step_of
from kmb_core.ops.copies import copy
from kmb_core.ops.creation import convert_to_tensor
from kmb_core.ops.rnn import rnn
from kmb_core.ops.tensors import shape
from kmb_core.serialization import saved_as
from kmb_core.serialization.decoding import deserialized_config


class Memory:
    """What a stateful layer keeps from batch to batch; no weights, so it is found by the layer alone."""

    def __init__(self, states: Any) -> None:
        self.states = states


@saved_as("keras.layers")
class RNN(Layer):
    """A cell called once for each step of a sequence, handing on its state.

    Args:
        cell: an object with `call(inputs, states) -> (output, new states)` and `state_size` (and, if it has them,
            `output_size` and `get_initial_state(batch_size)`), or a list of such, stacked.
        return_sequences: whether the outputs of all steps are returned, or the last.
        return_state: whether the last states are returned behind the outputs.
        go_backwards: whether time runs backwards; outputs stand in the order they are made in.
        stateful: whether the next batch begins with the states that this one ends with; the batch size is fixed then.
        unroll: whether steps stand one after the other in a compiled function, instead of as a loop.
        zero_output_for_mask: whether outputs of masked steps are zeros, instead of the output of the step before.

    Input: `(batch, time, ...)`, and initial states. Output: `(batch, ...)`, or `(batch, time, ...)` with
    `return_sequences`; a tuple of it and the states with `return_state`.

    A mask `(batch, time)` leaves out steps: they keep the state.

    Raises:
        ValueError: for what is no cell.
        ShapeError: for a batch size or number of steps that has to be known, and for states that do not fit.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RNN([kmb_core.layers.LSTMCell(4), kmb_core.layers.GRUCell(3)])
        >>> tuple(layer(kmb_core.ops.ones((2, 5, 7))).shape)
        (2, 3)
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell, dtype=kwargs.get("dtype"))
        if not is_cell(cell):
            what = f"{self._where()}: expected a cell, got {cell!r}"
            raise DTypeError(message(what, "A cell has a method `call` and an attribute `state_size`.", None))
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self._memory = Memory(None)

    # States ------------------------------------------------------------------------------------------------------

    @property
    def state_size(self) -> Any:
        """The sizes of the states, a list."""
        size = self.cell.state_size
        return [size] if isinstance(size, int) else size

    @property
    def single_state(self) -> bool:
        """Whether the cell's state is one tensor."""
        return isinstance(self.cell.state_size, int)

    @property
    def states(self) -> Any:
        """The variables that a stateful layer remembers, None before it is built."""
        return self._memory.states

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """The states before the first step, for a number of sequences."""
        return initial_state(self.cell, batch_size, self.compute_dtype)

    def reset_state(self) -> None:
        """Forget what was remembered: a stateful layer starts from zeros again."""
        for variable in self._remembered():
            variable.assign(0.0 * variable.value)

    def reset_states(self) -> None:
        """Same as `reset_state`."""
        self.reset_state()

    def _remembered(self) -> list[Variable]:
        return [] if self.states is None else tree.flatten(self.states)

    def _state_shapes(self, sequences_shape: Any) -> list[Any]:
        return state_shapes(self.cell, sequences_shape[0])

    def _start(self, sequences: Any) -> list[Any]:
        """The states that the first step begins with, where none are given."""
        if self.stateful:
            # Copies: some frameworks change a variable's tensor in place, and gradients still need the old one.
            return tree.map_structure(lambda variable: copy(variable.value), self.states)
        return self.get_initial_state(shape(sequences)[0])

    def _given_start(self, given: Any) -> list[Any]:
        structure = tree.map_shape_structure(lambda _: 0, state_shapes(self.cell, 1))
        flat, expected = tree.flatten(given), len(tree.flatten(structure))
        if len(flat) != expected:
            what = f"{self._where()}: expected {expected} initial states, got {len(flat)}"
            raise ShapeError(message(what, f"The cell's state_size is {self.cell.state_size}.", None))
        return tree.pack_sequence_as(structure, [convert_to_tensor(state) for state in flat])

    # Building ----------------------------------------------------------------------------------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell for the inputs of one step, and make the memory of a stateful layer."""
        step_shape = _without_time(sequences_shape)
        build_cell(self.cell, step_shape)
        if isinstance(self.cell, Layer) and not all(part.built for part in self.cell._flatten_layers()):
            self._build_inside(step_shape)
        if self.stateful and self.states is None:
            self._remember(sequences_shape)

    def _build_inside(self, step_shape: Any) -> None:
        """Let layers that a cell builds when it calls them be built now, and not inside of a compiled loop."""
        states = tree.map_shape_structure(lambda s: KerasTensor(s, self.compute_dtype), state_shapes(self.cell, None))
        inputs = tree.map_shape_structure(lambda s: KerasTensor(s, self.compute_dtype), step_shape)
        with SymbolicScope():
            self.cell(inputs, states)

    def _remember(self, sequences_shape: Any) -> None:
        if sequences_shape[0] is None:
            what = f"{self._where()}: a stateful layer needs a known batch size, got {tuple(sequences_shape)}"
            raise ShapeError(message(what, None, "Give it in the Input: Input(batch_shape=(32, None, 8))."))

        def variable(size: Any) -> Variable:
            return Variable(
                initializers.get("zeros"), shape=size, dtype=self.variable_dtype, trainable=False, name="rnn_state"
            )

        with name_scope(self.name, override_parent=self._scope_path()):
            self._memory = Memory(tree.map_shape_structure(variable, self._state_shapes(sequences_shape)))

    # Calling -----------------------------------------------------------------------------------------------------

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = False) -> Any:
        """The outputs for the sequences, and the last states where they are wanted."""
        start = self._start(sequences) if initial_state is None else self._given_start(initial_state)
        mask = first_mask(mask)
        try:
            last, outputs, states = self.inner_loop(sequences, start, mask, training=training)
        finally:
            forget_dropout(self.cell)
        if self.stateful:
            for variable, value in zip(self._remembered(), tree.flatten(states), strict=True):
                variable.assign(value)
        result = outputs if self.return_sequences else last
        return (result, *states) if self.return_state else result

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool | None = False) -> Any:
        """Run the cell over all steps; subclasses may have a quicker way.

        Args:
            sequences: `(batch, time, ...)`.
            initial_state: list of the states before the first step.
            mask: booleans `(batch, time)`, or None.
            training: whether dropout happens.

        Returns:
            The last output, all outputs, the list of the last states.
        """
        if training:
            prepare_dropout(self.cell, tree.map_structure(lambda x: x[:, 0], sequences), initial_state)
        step = step_of(self.cell, self, training)
        return rnn(step, sequences, initial_state, mask, **self._loop_options())

    def _loop_options(self) -> dict[str, bool]:
        return {
            "go_backwards": self.go_backwards,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "return_all_outputs": self.return_sequences,
        }

    # Describing --------------------------------------------------------------------------------------------------

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the outputs: that of the inputs where the outputs are sequences; states have none."""
        mask = first_mask(mask) if self.return_sequences else None
        return [mask, *(None for _ in tree.flatten(self.state_size))] if self.return_state else mask

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the outputs, and those of the states where they are returned."""
        batch, steps = _first_shape(sequences_shape)[:2]
        if self.unroll and steps is None:
            what = f"{self._where()}: unroll=True needs a known number of steps, got shape {tuple(sequences_shape)}"
            raise ShapeError(message(what, None, "Give it in the Input, or leave out unroll."))
        size = self._output_sizes(sequences_shape)
        result = (batch, steps, *size) if self.return_sequences else (batch, *size)
        return (result, *self._state_shapes(sequences_shape)) if self.return_state else result

    def _output_sizes(self, sequences_shape: Any) -> tuple[Any, ...]:
        return sizes_of(output_size(self.cell))

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A layer from what `get_config` gave."""
        return cls(**deserialized_config(config, custom_objects))


def first_mask(mask: Any) -> Any:
    """The mask of a layer's first input, as booleans."""
    masks = [m for m in tree.flatten(mask) if m is not None]
    return convert_to_tensor(masks[0], "bool") if masks else None


def _without_time(sequences_shape: Any) -> Any:
    return tree.map_shape_structure(lambda s: (s[0], *s[2:]), sequences_shape)


def _first_shape(sequences_shape: Any) -> tuple[Any, ...]:
    found: list[Any] = []
    tree.map_shape_structure(found.append, sequences_shape)
    return tuple(found[0])
