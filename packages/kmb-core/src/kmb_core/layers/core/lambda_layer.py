"""Lambda: a function as a layer. A file holds the function's registered name and never its code."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.layers.layer import Layer
from kmb_core.serialization import deserialized_config, saved_as


@saved_as("keras.layers")
class Lambda(Layer):
    """`function(inputs)` as a layer, for functions without weights.

    Args:
        function: takes the inputs, and `mask` and `training` where it has parameters of these names.
        output_shape: the outputs' shape without the batch, or a function of the inputs' shape; found out when None.
        mask: the outputs' mask, or a function (inputs, mask) that gives it.
        arguments: further keyword arguments of the function.

    Input and output: the function's. To be saved, the function has to be registered: a lambda has no name, and code
    is neither written to files nor read from them.

    Raises:
        ValueError: for a function that cannot be called, or a lambda that is saved.
        SecurityError: for a file that holds code.

    Example:
        >>> import kmb_core
        >>> float(kmb_core.layers.Lambda(lambda x: x * 2.0)(kmb_core.ops.ones(())))
        2.0
    """

    _unsaved_arguments = frozenset({"output_shape", "mask"})

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise ValueError(f"{self._where()}: expected a function, got {function!r}")
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self.supports_masking = mask is not None
        self._makes_masks = mask is not None
        self._shape = output_shape
        self._takes = _parameters(function)
        self._needs_no_building()

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The outputs for the inputs."""
        given = {"mask": mask, "training": training}
        return self.function(inputs, **self.arguments, **{name: given[name] for name in self._takes & given.keys()})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask that the layer was given, or what its function makes."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        """What `output_shape` says; else the function is run on symbolic tensors."""
        if self._shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._shape):
            return tuple(self._shape(input_shape))
        first = input_shape[0] if input_shape and isinstance(input_shape[0], (tuple, list)) else input_shape
        if not first:
            raise ShapeError(f"{self._where()}: expected inputs with a batch axis, got shape {input_shape}")
        return (first[0], *self._shape)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Tensors like the outputs."""
        if self._shape is not None:
            return super().compute_output_spec(*args, **kwargs)
        return self.call(*args, **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool | None = None) -> Any:
        """A layer from what `get_config` gave. Code in place of a name is refused, whatever `safe_mode` says."""
        return cls(**deserialized_config(config, custom_objects))


def _parameters(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # built-in functions need not tell
        return frozenset()
