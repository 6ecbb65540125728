"""StackedRNNCells: several cells one above the other, as one cell."""

from typing import Any

from kmb_core import tree
from kmb_core.errors import DTypeError, message
from kmb_core.layers.layer import Layer
from kmb_core.layers.rnn.stepping import forget_dropout, initial_state, is_cell, prepare_dropout, step_of
from kmb_core.serialization import saved_as
from kmb_core.serialization.decoding import deserialized_config


@saved_as("keras.layers")
class StackedRNNCells(Layer):
    """Cells that take each other's outputs, as one cell.

    Args:
        cells: the cells, the lowest first.

    Input: what the first cell takes, and a list of the states of each cell.
    Output: that of the last cell, and the list of the new states of each.

    Raises:
        DTypeError: when a part is no cell.

    Example:
        >>> import kmb_core
        >>> cell = kmb_core.layers.StackedRNNCells([kmb_core.layers.LSTMCell(4), kmb_core.layers.GRUCell(3)])
        >>> cell.state_size, cell.output_size
        ([[4, 4], 3], 3)
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for cell in cells:
            if not is_cell(cell):
                what = f"{self._where()}: expected cells, got {cell!r}"
                raise DTypeError(message(what, "A cell has a method `call` and an attribute `state_size`.", None))
        self.cells = list(cells)

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the cells' states."""
        return [cell.state_size for cell in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the last cell's outputs."""
        return output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """The states of all cells before the first step."""
        return [initial_state(cell, batch_size, self.compute_dtype) for cell in self.cells]

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the outputs of the one below."""
        for cell in self.cells:
            build_cell(cell, input_shape)
            input_shape = (input_shape[0], *sizes_of(output_size(cell)))

    def call(self, inputs: Any, states: Any, training: bool | None = False, **kwargs: Any) -> tuple[Any, list[Any]]:
        """The output of one step, and the new states of each cell."""
        new = []
        for cell, state in zip(self.cells, states, strict=True):
            inputs, after = step_of(cell, self, training, kwargs)(inputs, state)
            new.append(after if isinstance(after, (list, tuple)) else [after])
        return inputs, new

    def _prepare_dropout(self, step_input: Any, states: Any) -> None:
        for cell, state in zip(self.cells, states, strict=True):
            prepare_dropout(cell, step_input, state)
            step_input = tree.flatten(state)[0]  # an output is like the first state

    def _forget_masks(self) -> None:
        for cell in self.cells:
            forget_dropout(cell)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Cells from what `get_config` gave."""
        return cls(**deserialized_config(config, custom_objects))


def output_size(cell: Any) -> Any:
    """The size of a cell's outputs: where it does not say, that of the first of its states."""
    size = getattr(cell, "output_size", None)
    return tree.flatten(cell.state_size)[0] if size is None else size


def sizes_of(size: Any) -> tuple[int, ...]:
    """A size as the axes behind the batch."""
    return tuple(size) if isinstance(size, (list, tuple)) else (size,)


def build_cell(cell: Any, input_shape: Any) -> None:
    """Build a cell for the inputs of one step; what is no layer needs none."""
    if isinstance(cell, Layer) and not cell.built:
        cell.build(tuple(input_shape))
