"""Bidirectional: a recurrent layer that reads its sequence in both directions."""

from typing import Any

from kmb_core import tree
from kmb_core.errors import message
from kmb_core.layers.layer import Layer
from kmb_core.layers.rnn.rnn import first_mask
from kmb_core.layers.specialization import public_class
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.manipulation import concatenate, flip
from kmb_core.serialization import saved_as
from kmb_core.serialization.decoding import deserialized_config

_MODES = ("sum", "mul", "ave", "concat", None)


@saved_as("keras.layers")
class Bidirectional(Layer):
    """Two layers made of one: one reads the sequence forwards, the other backwards, and their outputs are joined.

    Args:
        layer: a recurrent layer, or one with `go_backwards`, `return_sequences`, `return_state` and `stateful`. A new
            one is made of its config.
        merge_mode: "concat" side by side, "sum", "ave", "mul", or None for both outputs. Masked steps of
            sequences are zeros in both.
        weights: arrays to begin with, first those of the forward layer.
        backward_layer: the layer that reads backwards; made of `layer` when None.

    Input: what the layer takes; initial states are those of the forward layer, then those of the backward one.
    Output: the joined outputs; with `return_state` a tuple of them and the states in the same order.

    Raises:
        ValueError: for an unknown mode, a layer that has no direction, and layers that do not go together.

    Source: Schuster and Paliwal, "Bidirectional Recurrent Neural Networks", 1997.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.Bidirectional(kmb_core.layers.LSTM(4))
        >>> tuple(layer(kmb_core.ops.ones((2, 5, 3))).shape)
        (2, 8)
    """

    _unsaved_arguments = frozenset({"weights"})

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._constructor = ((), {})  # what was passed is no part of this layer: copies of it are
        if merge_mode not in _MODES:
            raise ValueError(f"{self._where()}: merge_mode is one of {_MODES}, got {merge_mode!r}")
        for given in (layer, backward_layer):
            self._check_directed(given, given is layer)
        self.merge_mode = merge_mode
        self.forward_layer = _renamed(layer, "forward")
        self.backward_layer = _renamed(layer, "backward", True) if backward_layer is None else backward_layer
        self._check_pair()
        if layer.return_sequences:  # a repeated output would stand beside one of another time
            for part in (self.forward_layer, self.backward_layer):
                part.zero_output_for_mask = True
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._first_weights = weights

    def _check_directed(self, layer: Any, required: bool) -> None:
        if layer is None and not required:
            return
        missing = [name for name in _DIRECTED if not hasattr(layer, name)]
        if not isinstance(layer, Layer) or missing:
            what = f"{self._where()}: expected a recurrent layer, got {layer!r}"
            lacks = f"It has no {', '.join(missing)}." if missing else None
            raise ValueError(message(what, lacks, "Give it an RNN layer: LSTM, GRU, SimpleRNN, RNN(cell)."))

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            what = f"{self._where()}: both layers have go_backwards={forward.go_backwards}"
            raise ValueError(message(what, None, "Make the backward layer with go_backwards=True."))
        for name in _DIRECTED[1:]:
            ours, theirs = getattr(forward, name), getattr(backward, name)
            if ours != theirs:
                raise ValueError(
                    f"{self._where()}: {name} is {ours} of the forward layer, {theirs} of the backward one"
                )

    @property
    def layer(self) -> Any:
        """The layer that reads forwards."""
        return self.forward_layer

    # States ------------------------------------------------------------------------------------------------------

    @property
    def states(self) -> Any:
        """What both layers remember, None where they remember nothing."""
        if not getattr(self.forward_layer, "states", None):
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self) -> None:
        """Let both layers forget what they remember."""
        if not self.stateful:
            what = f"{self._where()}: there is no state to reset"
            raise ValueError(message(what, None, "Make the layer inside with stateful=True."))
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Same as `reset_state`."""
        self.reset_state()

    # Building and calling ----------------------------------------------------------------------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build both layers for the same inputs."""
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)
        if self._first_weights is not None:
            self.set_weights(self._first_weights)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None) -> Any:
        """The joined outputs, and the states of both layers where they are wanted."""
        forward_state, backward_state = self._halves(initial_state)
        keywords = {"mask": mask, "training": training}
        forward = self.forward_layer(sequences, initial_state=forward_state, **keywords)
        backward = self.backward_layer(sequences, initial_state=backward_state, **keywords)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*forward[1:], *backward[1:])
            forward, backward = forward[0], backward[0]
        if self.return_sequences:
            backward = flip(backward, 1)
        joined = self._joined(forward, backward)
        if not self.return_state:
            return joined
        return (*joined, *states) if self.merge_mode is None else (joined, *states)

    def _halves(self, states: Any) -> tuple[Any, Any]:
        if states is None:
            return None, None
        half = len(states) // 2
        return list(states[:half]), list(states[half:])

    def _joined(self, forward: Any, backward: Any) -> Any:
        if self.merge_mode is None:
            return forward, backward
        if self.merge_mode == "concat":
            return concatenate([forward, backward], -1)
        if self.merge_mode == "mul":
            return multiply(forward, backward)
        total = add(forward, backward)
        return multiply(total, 0.5) if self.merge_mode == "ave" else total

    # Describing --------------------------------------------------------------------------------------------------

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the outputs: that of the inputs where the outputs are sequences; states have none."""
        mask = first_mask(mask) if self.return_sequences else None
        masks = [mask, mask] if self.merge_mode is None else [mask]
        if self.return_state:
            masks += [None] * (2 * len(tree.flatten(self.forward_layer.state_size)))
        return masks if len(masks) > 1 else mask

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """The shape of the joined outputs, and those of the states where they are returned."""
        found = self.forward_layer.compute_output_shape(sequences_shape)
        shape, states = (tuple(found[0]), found[1:]) if self.return_state else (tuple(found), ())
        joined: Any = ((*shape[:-1], 2 * shape[-1]),) if self.merge_mode == "concat" else (shape,)
        if self.merge_mode is None:
            joined = (shape, shape)
        if self.return_state:
            return (*joined, *states, *states)
        return joined if self.merge_mode is None else joined[0]

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A layer from what `get_config` gave."""
        return cls(**deserialized_config(config, custom_objects))


_DIRECTED = ("go_backwards", "stateful", "return_sequences", "return_state")


def _renamed(layer: Any, direction: str, turned: bool = False) -> Any:
    """A new layer of a layer's config, with the direction in its name; with `turned` it reads the other way."""
    config = layer.get_config()
    name = config["name"].removeprefix("forward_").removeprefix("backward_")
    config["name"] = f"{direction}_{name}"
    config["go_backwards"] = config["go_backwards"] != turned
    return public_class(layer).from_config(config)
