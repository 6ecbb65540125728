"""FlaxLayer: a `flax.linen.Module` as a layer, in models on JAX and, by way of jax2tf, on TensorFlow."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kmb_backend_jax.layers.jax_layer import JaxLayer
from kmb_core.errors import CheckpointError, message
from kmb_core.layers import Layer
from kmb_core.serialization import deserialized_config, saved_as, serialize_keras_object
from kmb_core.serialization.registry import get_registered_name, get_registered_object


@saved_as("keras.layers")
class FlaxLayer(JaxLayer):
    """A module of Flax's linen API as a layer.

    The collection "params" of the module's variables is trained; the others ("batch_stats", …) are the layer's other
    variables, which the module changes in training.

    Args:
        module: a `flax.linen.Module`. A parameter `training` of its method is given True or False; all its streams of
            random numbers ("dropout", …) come from the layer's seed.
        method: the name of the method to call, or the function; `__call__` when None.
        variables: the module's variables, as `module.init` gives them; made at the first call when None.
        **kwargs: `seed`, `name`, `trainable`, `dtype` and what else a layer takes.

    Input and output: the method's.

    Raises:
        TypeError: when `module` is no module of linen.
        BackendError: on a backend other than JAX and TensorFlow.
    """

    _unsaved_arguments = JaxLayer._unsaved_arguments | {"module", "method", "variables"}

    def __init__(
        self,
        module: Any,
        method: str | Callable[..., Any] | None = None,
        variables: Any = None,
        **kwargs: Any,
    ) -> None:
        from flax import linen

        if not isinstance(module, linen.Module):
            what = f"FlaxLayer: expected a flax.linen.Module, got {type(module).__name__}"
            raise TypeError(message(what, None, "flax.nnx.bridge.ToLinen makes one of a module of nnx."))
        self.module, self.method = module, method
        called = getattr(module, method) if isinstance(method, str) else method or module.__call__
        self._module_takes_training = "training" in inspect.signature(called).parameters
        params, state = (None, None) if variables is None else _parted(variables)
        super().__init__(self._apply, self._init, params=params, state=state, **kwargs)

    def _training(self, training: bool) -> dict[str, bool]:
        return {"training": training} if self._module_takes_training else {}

    def _init(self, rng: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        return _parted(self.module.init(rng, inputs, method=self.method, **self._training(training)))

    def _apply(self, params: Any, state: Any, rng: Any, inputs: Any, training: bool) -> tuple[Any, Any]:
        variables, options = {"params": params, **state}, self._training(training)
        if not training or not state:
            return self.module.apply(variables, inputs, rngs=rng, method=self.method, **options), state
        outputs, changed = self.module.apply(
            variables, inputs, rngs=rng, method=self.method, mutable=list(state), **options
        )
        return outputs, {**state, **changed}

    def get_config(self) -> dict[str, Any]:
        """The module's registered name and its config.

        Raises:
            ValueError: for a module whose class is not registered, or a method that is no name.
        """
        cls = type(self.module)
        if not (hasattr(cls, "get_config") and get_registered_object(get_registered_name(cls)) is cls):
            what = f"{self._where()}: {cls.__name__} is no registered class, so a file cannot describe it"
            remedy = (
                "Put @kmb_core.saving.register_keras_serializable() on the module's class and give it get_config and "
                "from_config; or save the weights alone."
            )
            raise CheckpointError(message(what, "A file holds no code.", remedy))
        if self.method is not None and not isinstance(self.method, str):
            raise CheckpointError(message(f"{self._where()}: a file can hold the name of a method, no function"))
        config = {**Layer.get_config(self), "module": serialize_keras_object(self.module), "method": self.method}
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave."""
        return cls(**deserialized_config(config))


def _parted(variables: Mapping[str, Any]) -> tuple[Any, Any]:
    """(params, the other collections)."""
    return variables.get("params", {}), {name: value for name, value in variables.items() if name != "params"}
