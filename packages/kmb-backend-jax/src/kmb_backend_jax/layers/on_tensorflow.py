"""A function of JAX as one of TensorFlow, through jax2tf: traced once for each structure of inputs."""

from collections.abc import Callable
from itertools import count
from typing import Any

import jax

from kmb_core.errors import CapabilityError, message


class Converted:
    """`function(values, rng, inputs, training)` → (outputs, state), called with tensors of TensorFlow."""

    def __init__(self, function: Callable[..., Any], platforms: Any) -> None:
        self.function = function
        self.platforms = platforms
        self._graphs: dict[Any, tuple[Any, dict[str, Any]]] = {}

    def __call__(self, values: Any, rng: Any, inputs: Any, training: bool) -> Any:
        """Run it."""
        leaves, structure = jax.tree.flatten((values, rng, inputs))
        shapes = tuple(tuple(leaf.shape) for leaf in leaves)
        key = (structure, training, shapes, tuple(leaf.dtype for leaf in leaves))
        if key not in self._graphs:
            self._graphs[key] = self._graph(structure, training, shapes)
        graph, made = self._graphs[key]
        flat = graph(*leaves)  # traces at the first call, which fills `made`
        return jax.tree.unflatten(made["structure"], list(flat))

    def _graph(self, structure: Any, training: bool, shapes: Any) -> tuple[Any, dict[str, Any]]:
        import tensorflow as tf  # the model is on its backend

        made: dict[str, Any] = {}

        def flat(*leaves: Any) -> list[Any]:
            values, rng, inputs = jax.tree.unflatten(structure, leaves)
            outputs, made["structure"] = jax.tree.flatten(self.function(values, rng, inputs, training))
            return outputs

        options = {"native_serialization_platforms": self.platforms} if self.platforms else {}
        converted = _jax2tf().convert(flat, with_gradient=True, polymorphic_shapes=_symbolic(shapes), **options)
        return tf.function(converted, autograph=False), made


def _symbolic(shapes: Any) -> list[str | None]:
    """Names for unknown sizes: the first axis of all inputs is the batch, each other unknown size is one of its own."""
    further = count()

    def named(axis: int, size: int | None) -> str:
        return "_" if size is not None else "batch" if axis == 0 else f"size{next(further)}"

    return [
        ", ".join(named(axis, size) for axis, size in enumerate(shape)) if None in shape else None for shape in shapes
    ]


def _jax2tf() -> Any:
    try:
        from jax.experimental import jax2tf
    except ImportError as error:
        what = "JaxLayer: this release of JAX has no jax2tf, which runs its functions on TensorFlow"
        raise CapabilityError(message(what, str(error), "Make the model on the JAX backend.")) from error
    return jax2tf
