"""JaxLayer: functions of JAX as a layer, in models on JAX and, by way of jax2tf, on TensorFlow.

The leaves of `params` and `state` are variables; the functions get them in their own trees. A file names the
functions, which must be registered, and holds no code.
"""

import inspect
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from kmb_backend_jax.dtypes import native_dtype
from kmb_core import tree
from kmb_core.backend import KerasTensor, current_backend, is_float_dtype
from kmb_core.backend.scopes import TracingScope
from kmb_core.errors import BackendError, CheckpointError, ShapeError, message
from kmb_core.layers import Layer
from kmb_core.random import SeedGenerator
from kmb_core.serialization import deserialized_config, saved_as, serialize_keras_object

CALL_ARGUMENTS = ("params", "state", "rng", "inputs", "training")
INIT_ARGUMENTS = ("rng", "inputs", "training")


@saved_as("keras.layers")
class JaxLayer(Layer):
    """A function of JAX as a layer.

    Args:
        call_fn: the computation. It is given, by name, those of `params`, `state`, `rng`, `inputs` and `training` that
            it has parameters for. Returns the outputs, or (outputs, new state) if it takes `state`.
        init_fn: makes `params`, or (params, state), from `rng`, `inputs` (zeros of the inputs' shapes) and `training`.
            Needed where `call_fn` takes them and they are not given; a saved layer is built by it when it is loaded.
        params: a tree of arrays that are trained.
        state: a tree of arrays that are not.
        seed: for `rng`; a seed from the global one when None.
        native_serialization_platforms: on TensorFlow, the platforms to compile for: "cpu", "cuda", "rocm", "tpu".
        **kwargs: `name`, `trainable`, `dtype` and what else a layer takes.

    Input and output: the function's, any tree of tensors.

    Raises:
        ValueError: for functions with other parameters, or without `init_fn` where it is needed.
        BackendError: on a backend other than JAX and TensorFlow.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> import kmb_core
        >>> def apply(params, inputs):
        ...     return jnp.dot(inputs, params["kernel"])
        >>> def init(rng, inputs):
        ...     return {"kernel": jax.random.normal(rng, (inputs.shape[-1], 3))}
        >>> with kmb_core.use_backend("jax"):
        ...     layer = kmb_core.layers.JaxLayer(apply, init)
        ...     layer(jnp.ones((2, 4))).shape, layer.count_params()
        ((2, 3), 12)
    """

    _unsaved_arguments = frozenset({"call_fn", "init_fn", "params", "state", "seed"})
    _on_tensorflow: Any = None  # the function as TensorFlow's, made when first called

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """An instance, where JAX's functions can run."""
        backend = current_backend()
        if backend.name not in ("jax", "tensorflow"):
            what = f"{cls.__name__}: a function of JAX cannot run on the {backend.name} backend"
            raise BackendError(message(what, None, 'Make the model inside `with kmb_core.use_backend("jax"):`.'))
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        call_fn: Callable[..., Any],
        init_fn: Callable[..., Any] | None = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.call_fn, self.init_fn = call_fn, init_fn
        self.native_serialization_platforms = native_serialization_platforms
        self._takes = _names(call_fn, "call_fn", CALL_ARGUMENTS, ("inputs",))
        self._init_takes = () if init_fn is None else _names(init_fn, "init_fn", INIT_ARGUMENTS, ("rng", "inputs"))
        self.seed_generator = SeedGenerator(seed) if "rng" in (*self._takes, *self._init_takes) else None
        self._trees: dict[str, Any] = {}
        self._leaves: dict[str, list[Any]] = {"params": [], "state": []}
        self._input_dtypes: Any = None
        given = {"params": params, "state": state}
        lacking = [name for name in given if name in self._takes and given[name] is None]
        if lacking and init_fn is None:
            what = f"{self._where()}: call_fn takes {' and '.join(lacking)}, which nothing makes"
            raise ValueError(message(what, None, "Give init_fn, or the values themselves."))
        if not lacking:
            self._hold(given)
            self._needs_no_building()

    def _hold(self, values: dict[str, Any]) -> None:
        """Make variables of the leaves of `params` and `state`."""
        for name in self._leaves:
            if name in self._takes:
                leaves, self._trees[name] = jax.tree_util.tree_flatten_with_path(values[name])
                self._leaves[name] = [self._variable(path, leaf, name) for path, leaf in leaves]

    def _variable(self, path: Any, leaf: Any, kind: str) -> Any:
        value = np.asarray(leaf)
        dtype = str(value.dtype)
        trains = is_float_dtype(dtype)
        name = jax.tree_util.keystr(path, simple=True, separator=".").replace("/", ".")
        return self.add_weight(
            shape=value.shape,
            initializer=lambda shape, dtype: self._backend.convert(value, dtype),
            dtype=None if trains else dtype,
            trainable=trains and kind == "params",
            name=name or kind,
        )

    # Building --------------------------------------------------------------------------------------------------------

    def _build_from_call(self, plan: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        inputs = args[0] if args else kwargs["inputs"]
        self._input_dtypes = tree.map_structure(_dtype_of(self._backend), inputs)
        super()._build_from_call(plan, args, kwargs)

    def build(self, input_shape: Any) -> None:
        """Let `init_fn` make what `call_fn` takes."""
        zeros = tree.map_shape_structure(lambda shape: np.zeros([1 if d is None else d for d in shape]), input_shape)
        dtypes = tree.map_structure(lambda _: self.input_dtype, zeros) if self._input_dtypes is None else None
        dtypes = tree.flatten(self._input_dtypes if dtypes is None else dtypes)
        leaves = [jnp.asarray(x, native_dtype(dtype)) for x, dtype in zip(tree.flatten(zeros), dtypes, strict=True)]
        given = {"inputs": tree.pack_sequence_as(zeros, leaves), "training": True}
        if "rng" in self._init_takes:
            given["rng"] = jnp.asarray(self._backend.to_numpy(self.seed_generator.next()))
        made = self.init_fn(**{name: given[name] for name in self._init_takes})  # type: ignore[misc]  # else it is built
        if "state" not in self._takes:
            made = (made, None)
        elif "params" not in self._takes and not (isinstance(made, tuple) and len(made) == 2):
            made = (None, made)
        if not isinstance(made, tuple) or len(made) != 2:
            what = f"{self._where()}: init_fn returned {type(made).__name__}, expected (params, state)"
            raise ValueError(message(what, "call_fn takes a state.", None))
        self._hold({"params": made[0], "state": made[1]})

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build` got, with the inputs' dtypes where they are not the usual one."""
        config = super().get_build_config()
        if config is not None and any(dtype != self.input_dtype for dtype in tree.flatten(self._input_dtypes)):
            config["input_dtypes"] = self._input_dtypes
        return config

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build with what `get_build_config` gave."""
        if config and not self.built:
            self._input_dtypes = config.get("input_dtypes")
        super().build_from_config(config)

    # Calling ---------------------------------------------------------------------------------------------------------

    def call(self, inputs: Any, training: bool = False) -> Any:
        """What `call_fn` gives."""
        values = {name: [variable.value for variable in self._leaves[name]] for name in self._trees}
        rng = self.seed_generator.next() if "rng" in self._takes else None  # type: ignore[union-attr]  # made for it
        if self._backend.name == "tensorflow":
            if self._on_tensorflow is None:
                from kmb_backend_jax.layers.on_tensorflow import Converted

                self._on_tensorflow = Converted(self._pure, self.native_serialization_platforms)
            outputs, state = self._on_tensorflow(values, rng, inputs, bool(training))
        else:
            outputs, state = self._pure(values, rng, inputs, bool(training))
        for variable, value in zip(self._leaves["state"], state, strict=True):
            variable.assign(value)
        return outputs

    def _pure(self, values: dict[str, list[Any]], rng: Any, inputs: Any, training: bool) -> tuple[Any, list[Any]]:
        """(outputs, new leaves of the state), of tensors of JAX alone."""
        trees = {name: jax.tree.unflatten(self._trees[name], leaves) for name, leaves in values.items()}
        given = {**trees, "rng": rng, "inputs": inputs, "training": training}
        result = self.call_fn(**{name: given[name] for name in self._takes})
        if "state" not in self._takes:
            return result, []
        if not isinstance(result, tuple) or len(result) != 2:
            what = f"{self._where()}: call_fn returned {type(result).__name__}, expected (outputs, state)"
            raise ValueError(message(what, "It takes a state, so it has to give the new one.", None))
        outputs, state = result
        leaves, structure = jax.tree.flatten(state)
        if structure != self._trees["state"]:
            what = f"{self._where()}: call_fn changed the structure of its state"
            raise ValueError(message(what, f"Before: {self._trees['state']}; after: {structure}.", None))
        return outputs, leaves

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs: the function is traced."""
        try:
            with TracingScope():
                return self._backend.implementation.abstract_call(self.call, (args, kwargs))
        except Exception as error:
            what = f"{self._where()}: the outputs' shapes cannot be worked out"
            cause = f"call_fn does not take the inputs: {type(error).__name__}: {error}"
            raise ShapeError(message(what, cause, None)) from error

    # Files -----------------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The functions' registered names; `params` and `state` are weights and lie in the file of weights."""
        if self.init_fn is None and self._trees:
            what = f"{self._where()}: without init_fn a file cannot describe the layer"
            cause = "params and state are stored as weights; init_fn is what makes the variables to load them into."
            raise CheckpointError(message(what, cause, "Give init_fn beside params, or save the weights alone."))
        functions = {"call_fn": self.call_fn, "init_fn": self.init_fn}
        return {
            **super().get_config(),
            **{key: None if value is None else serialize_keras_object(value) for key, value in functions.items()},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave."""
        return cls(**deserialized_config(config))

    def _attributes(self) -> dict[str, Any]:
        return {name: value for name, value in super()._attributes().items() if name != "_on_tensorflow"}


def _names(function: Any, what: str, allowed: tuple[str, ...], required: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments that a function takes."""
    if not callable(function):
        raise ValueError(f"JaxLayer: {what} is a function, got {type(function).__name__}")
    names = tuple(inspect.signature(function).parameters)
    wrong = [name for name in names if name not in allowed]
    lacking = [name for name in required if name not in names]
    if wrong or lacking:
        text = f"JaxLayer: {what} has the parameters ({', '.join(names)})"
        cause = f"Known are {', '.join(allowed)}; {' and '.join(required)} must be among them."
        raise ValueError(message(text, cause, None))
    return names


def _dtype_of(backend: Any) -> Callable[[Any], str]:
    return lambda x: x.dtype if isinstance(x, KerasTensor) else backend.dtype_name(x)
