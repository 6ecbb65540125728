"""Layer: the class that every layer and model stands on.

The work is in three parts: `tracking` (what belongs to a layer), `calling` (what a call does) and this file (making,
building, describing, and the functional `stateless_call`).
"""

import copy
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from kmb_core import activations, constraints, dtype_policies, initializers, regularizers, tree
from kmb_core.backend import (
    KerasTensor,
    StatelessScope,
    SymbolicScope,
    SymbolicValueError,
    Variable,
    current_path,
    name_scope,
    state,
    use_backend,
)
from kmb_core.backend.deferral import deferred
from kmb_core.backend.memory import assign_from
from kmb_core.backend.scopes import TracingScope
from kmb_core.dtypes import is_float
from kmb_core.errors import CapabilityError, KmbError, ShapeError, message
from kmb_core.layers.call_plan import call_plan, constructor_parameters
from kmb_core.layers.calling import Calling, FastCall
from kmb_core.layers.specialization import new_instance, public_class, rebuild
from kmb_core.ops.operation import Operation
from kmb_core.serialization import deserialized_config, saved_as, serialize_keras_object


@saved_as("keras")
class Layer(Calling, Operation):
    """A computation with state: variables made in `build`, used in `call`.

    Args:
        activity_regularizer: a regularizer of the outputs, added to the losses.
        trainable: whether its weights are trained.
        dtype: a dtype name or policy ("mixed_bfloat16"); the global policy when None.
        autocast: whether floating inputs are cast to the compute dtype.
        name: automatic when None.

    Subclasses define `call(self, inputs, ...)`, and `build(self, input_shape)` if they have weights. Under a backend
    with a layer class of its own an instance is also one of that: a `torch.nn.Module`, a TensorFlow trackable.

    Example:
        >>> import kmb_core
        >>> class Scale(kmb_core.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones")
        ...     def call(self, inputs):
        ...         return inputs * self.factor
        >>> tuple(Scale()(kmb_core.ops.ones((2, 3))).shape)
        (2, 3)
    """

    _keeps_dtype = False  # outputs have the dtype of the first input, not the compute dtype
    _unsaved_arguments: frozenset[str] = frozenset()  # arguments of __init__ that get_config leaves out

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = new_instance(cls)
        # What tracking needs before __init__ runs, so that attributes may be set before super().__init__().
        instance.__dict__.update(_trainable_variables=[], _non_trainable_variables=[], _losses=[], _trainable=True)
        instance.__dict__.update(built=False, _build_shapes=None, _constructor=(args, kwargs), name=None, _path=None)
        return instance

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _building(cls.__dict__["build"])  # type: ignore[method-assign]  # wrapped once per class

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        Operation.__init__(self, name=name)
        input_shape = _legacy_input_shape(kwargs)
        if kwargs:
            raise ValueError(f"{type(self).__name__}: unexpected arguments {', '.join(sorted(kwargs))}")
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.supports_masking = getattr(self, "supports_masking", False)
        self._input_spec: Any = self.__dict__.get("_input_spec")
        self._convert_input_args = self.__dict__.get("_convert_input_args", True)
        self._trainable = bool(trainable)
        if input_shape is not None:
            self._input_shape_argument = input_shape

    # Making weights ----------------------------------------------------------------------------------------------

    def add_weight(
        self,
        *args: Any,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the layer.

        Args:
            shape: sizes, all known; () when None.
            initializer: name, object, or callable; glorot_uniform for floats and zeros otherwise when None.
            dtype: the layer's variable dtype when None.
            trainable: whether gradients reach it.
            autocast: whether it is read in the compute dtype.
            regularizer, constraint: names, objects or callables.
            aggregation: see `Variable`.
            overwrite_with_gradient: the optimizer puts the gradient in its place.
            name: last part of its path.

        Returns:
            The variable.
        """
        if args:
            raise TypeError(f"{type(self).__name__}.add_weight: pass shape and all others by keyword")
        dtype = self.variable_dtype if dtype is None else dtype
        shape = () if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
        if initializer is None:
            initializer = "glorot_uniform" if is_float(dtype) else "zeros"
        initializer = initializers.get(initializer)
        with use_backend(self._backend), name_scope(self.name, override_parent=self._scope_path()):
            variable = Variable(
                deferred(initializer),
                shape=shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._track_variable(variable)
        return variable

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Same as `add_weight`, with positional arguments."""
        return self.add_weight(
            shape=shape,
            initializer=initializer,
            dtype=dtype,
            trainable=trainable,
            autocast=autocast,
            regularizer=regularizer,
            constraint=constraint,
            name=name,
        )

    def add_metric(self, *args: Any, **kwargs: Any) -> None:
        """Not in this API: make the metric an attribute of the layer and update it in `call`."""
        raise NotImplementedError(
            f"{type(self).__name__}.add_metric: assign a Metric to an attribute and call its update_state"
        )

    # Building ----------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Make the layer's weights; subclasses override it.

        Args:
            input_shape: shape of the first argument of `call`, None where unknown; for several, name the parameters
                `<argument>_shape`.
        """
        self._mark_built(input_shape)

    def _needs_no_building(self) -> None:
        """For the last line of `__init__` of layers without weights."""
        self.built = True
        self._plan_calls()

    def _mark_built(self, shapes: Any) -> None:
        self._build_shapes = shapes
        object.__setattr__(self, "_path", self._path or self._scope_path(own=True))
        object.__setattr__(self, "built", True)
        self._plan_calls()

    def _scope_path(self, own: bool = False) -> str:
        """The path of the scope that the layer is in; with `own`, its own name appended."""
        path = state.path
        if path and path[-1] == self.name:
            path = path[:-1]
        return "/".join((*path, self.name) if own else path)

    @property
    def path(self) -> str:
        """The names of the enclosing layers and its own, joined by "/"."""
        return self._path or self.name

    def get_build_config(self) -> dict[str, Any] | None:
        """What `build` got: {"input_shape": …} or {"shapes_dict": …}; None before it is built."""
        shapes = self._build_shapes
        if shapes is None:
            return None
        if isinstance(shapes, Mapping) and all(str(name).endswith("_shape") for name in shapes):  # `build`'s arguments
            return {"shapes_dict": dict(shapes)}
        return {"input_shape": shapes}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build with what `get_build_config` gave."""
        if not config or self.built:
            return
        if "shapes_dict" in config:
            self.build(**{k: _as_shape(v) for k, v in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None:
            self.build(_as_shape(config["input_shape"]))

    # Calling -----------------------------------------------------------------------------------------------------

    def _plan_calls(self) -> None:
        """Prepare the quick way of calling; None where a call needs more than that."""
        fast = None
        plain = self._convert_input_args and self.activity_regularizer is None and not self._makes_masks
        if self.built and plain and not self._hooked and call_plan(type(self)).first is not None:
            fast = FastCall(self)
        object.__setattr__(self, "_fast", fast)

    def _autocast_dtype(self) -> str | None:
        """The dtype that weights are read in, where it is not their own."""
        policy = self._dtype_policy
        return policy.compute_dtype if self.autocast and policy.compute_dtype != policy.variable_dtype else None

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the layer computes; subclasses define it."""
        raise NotImplementedError(f"{public_class(self).__name__} {self.name!r} defines no `call` method")

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The outputs' mask; by default the inputs'."""
        return previous_mask

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs: from `compute_output_shape` where the class defines it, else by running
        `call` on symbolic tensors, and where that is impossible by letting the framework trace it."""
        if self._defines("compute_output_shape"):
            return self._spec_from_shapes(args, kwargs)
        return self._spec_from_call(args, kwargs)

    def _spec_from_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            with SymbolicScope():
                return self.call(*args, **kwargs)
        except Exception as error:
            if isinstance(error, KmbError) and not isinstance(error, SymbolicValueError):
                raise
            return self._spec_by_tracing(args, kwargs, error)

    def _spec_from_shapes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        shapes = self._call_shapes(call_plan(type(self)), args, kwargs)
        if len(shapes) == 1:
            shape = self.compute_output_shape(next(iter(shapes.values())))
        else:
            shape = self.compute_output_shape(**shapes)
        dtype = tree.flatten((args, kwargs))[0].dtype if self._keeps_dtype else self.compute_dtype
        if type(shape) is tuple and shape and all(size is None or type(size) is int for size in shape):
            return KerasTensor.like(shape, dtype)
        return tree.map_shape_structure(lambda s: KerasTensor(s, dtype=dtype), shape)

    def _spec_by_tracing(self, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Any:
        try:
            with TracingScope():
                return self._backend.implementation.abstract_call(self.call, (args, kwargs))
        except CapabilityError:
            pass
        what = f"{self._where()}: the outputs' shapes cannot be worked out"
        cause = f"`call` does not run on symbolic tensors: {type(error).__name__}: {error}"
        raise ShapeError(message(what, cause, "Define compute_output_shape(input_shape) in the class.")) from error

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs' shapes for the inputs' shapes, in the same nesting."""
        plan = call_plan(type(self))
        tensors = [tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.input_dtype), shape) for shape in args]
        named = {
            key.removesuffix("_shape"): tree.map_shape_structure(
                lambda s: KerasTensor(s, dtype=self.input_dtype), shape
            )
            for key, shape in kwargs.items()
        }
        if "input" in named and plan.first is not None:
            named[plan.first] = named.pop("input")
        with SymbolicScope(), use_backend(self._backend):
            outputs = self(*tensors, **named)
        return tree.map_structure(lambda x: x.shape, outputs)

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call the layer as a pure function of its variables' values.

        Args:
            trainable_variables, non_trainable_variables: values in the order of the properties of these names.
            return_losses: return the losses too.

        Returns:
            (outputs, new non-trainable values), and the losses if asked for.

        Raises:
            ValueError: when the layer is not built, or for a wrong number of values.
        """
        self._require_built("stateless_call")
        trainable, fixed = self.trainable_variables, self.non_trainable_variables
        _same_length(trainable, trainable_variables, "trainable_variables", self._where())
        _same_length(fixed, non_trainable_variables, "non_trainable_variables", self._where())
        mapping = [*zip(trainable, trainable_variables, strict=True), *zip(fixed, non_trainable_variables, strict=True)]
        with use_backend(self._backend), StatelessScope(state_mapping=mapping, collect_losses=return_losses) as scope:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else None
        updated = [scope.get_current_value(v) for v in fixed]
        if return_losses:
            self._clear_losses()
            return outputs, updated, losses
        return outputs, updated

    def _require_built(self, method: str) -> None:
        if not self.built:
            what = f"{self._where()}: {method} needs a built layer"
            raise ValueError(message(what, "It has no weights yet.", "Call it on data, or build(input_shape), first."))

    # Describing --------------------------------------------------------------------------------------------------

    def _defines(self, method: str) -> bool:
        return getattr(type(self), method) is not getattr(Layer, method)

    def _has_own_build(self) -> bool:
        return self._defines("build")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data.

        Built-in and most custom layers need no code for it: each argument of `__init__` is read from the attribute of
        the same name, else as it was passed.

        Raises:
            NotImplementedError: when an argument can be found in neither way.
        """
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        cls = public_class(self)
        if cls is Layer:
            return config
        for name in constructor_parameters(cls):
            if name not in _BASE_ARGUMENTS and name not in config and name not in self._unsaved_arguments:
                config[name] = _encoded(self._constructor_value(cls, name))
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A layer from what `get_config` gave; arguments that are described objects are made first."""
        return cls(**deserialized_config(config))

    def _constructor_value(self, cls: type, name: str) -> Any:
        if name in self.__dict__ or hasattr(cls, name):
            return getattr(self, name)
        args, kwargs = self._constructor
        parameters = constructor_parameters(cls)
        passed = {**dict(zip(parameters, args, strict=False)), **kwargs}
        if name in passed:
            return passed[name]
        if parameters[name] is inspect.Parameter.empty:
            raise NotImplementedError(
                f"{cls.__name__}.get_config: argument {name!r} is no attribute; override get_config"
            )
        return parameters[name]

    @property
    def dtype_policy(self) -> Any:
        """The layer's dtype policy."""
        return self._dtype_policy[self.path] if isinstance(self._dtype_policy, Mapping) else self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        self._dtype_policy = dtype_policies.get(value)
        self._plan_calls()

    @property
    def dtype(self) -> str:
        """Same as `variable_dtype`."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The dtype that the layer computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of its weights."""
        return self.dtype_policy.variable_dtype

    @property
    def input_dtype(self) -> str:
        """The dtype that floating inputs are cast to."""
        return self.dtype_policy.compute_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How the layer is quantized; None when it is not."""
        return self.dtype_policy.quantization_mode

    @property
    def input_spec(self) -> Any:
        """An InputSpec, or a structure of them, that inputs are compared with."""
        return self.__dict__.get("_input_spec")

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        self._input_spec = value
        if self.built:
            self._plan_calls()

    @property
    def supports_masking(self) -> bool:
        """Whether an input's mask is handed on to the output."""
        return self.__dict__.get("_supports_masking", False)

    @supports_masking.setter
    def supports_masking(self, value: bool) -> None:
        self.__dict__["_supports_masking"] = bool(value)

    # Weights -----------------------------------------------------------------------------------------------------

    def set_weights(self, weights: Any) -> None:
        """Set all weights from arrays in the order of `weights`.

        Raises:
            ValueError: for a wrong number of arrays or a wrong shape.
        """
        own = self.weights
        _same_length(own, weights, "weights", self._where())
        for variable, value in zip(own, weights, strict=True):
            if tuple(variable.shape) != tuple(value.shape):
                what = f"{self._where()}: weight {variable.path} has shape {variable.shape}, got {tuple(value.shape)}"
                raise ShapeError(message(what, "The arrays come from another architecture or order.", None))
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a mapping under "0", "1", …"""
        for index, variable in enumerate([*self._trainable_variables, *self._non_trainable_variables]):
            store[str(index)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Take them back.

        Raises:
            ValueError: when number or shapes differ.
        """
        own = [*self._trainable_variables, *self._non_trainable_variables]
        if len(store.keys()) != len(own):
            what = f"{self._where()}: the layer has {len(own)} variables, the file {len(store.keys())}"
            cause = "The layer was never built, so it has none yet." if not own else "The file is of another layer."
            raise ValueError(
                message(what, cause, "Build the model (call it on data once) before loading." if not own else None)
            )
        for index, variable in enumerate(own):
            assign_from(variable, store, str(index))

    # Quantization ------------------------------------------------------------------------------------------------

    def quantize(self, mode: str | None = None, type_check: bool = True, config: Any = None) -> None:
        """Quantize the layer's weights; classes that can be quantized override it."""
        raise NotImplementedError(f"{public_class(self).__name__} cannot be quantized")

    def quantized_build(self, input_shape: Any, mode: str) -> None:
        """Make the weights of a quantized layer; classes that can be quantized override it."""
        raise NotImplementedError(f"{public_class(self).__name__} cannot be quantized")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """What a quantized layer computes; classes that can be quantized override it."""
        raise NotImplementedError(f"{public_class(self).__name__} cannot be quantized")

    def rematerialized_call(self, layer_call: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[..., Any]:
        """`layer_call`, wrapped so that its activations are recomputed in the backward pass."""
        kernel = self._backend.kernels.get("remat")
        return layer_call if kernel is None else kernel(layer_call)

    # Copies ------------------------------------------------------------------------------------------------------

    def __reduce_ex__(self, protocol: Any) -> Any:
        return rebuild, (public_class(self), self._backend), self._attributes()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        other = memo[id(self)] = rebuild(public_class(self), self._backend)
        other.__setstate__(copy.deepcopy(self._attributes(), memo))
        return other

    def _attributes(self) -> dict[str, Any]:
        """What makes an equal layer: the attributes without native machinery, graph nodes and call plans."""
        left_out = {
            *self._native_attributes,
            "_native_attributes",
            "_backend",
            "_fast",
            "_inbound_nodes",
            "_trainer",
            "_losses",
        }
        return {name: value for name, value in self.__dict__.items() if name not in left_out}

    def __setstate__(self, attributes: dict[str, Any]) -> None:
        # Layers inside may not have theirs yet, where they know one another: nothing here asks them.
        self.__dict__.update(_inbound_nodes=[], _losses=[])
        self.__dict__.update(attributes)
        with use_backend(self._backend):
            for variable in [*self._trainable_variables, *self._non_trainable_variables]:
                self._native_track_variable(variable)
            for name, value in attributes.items():
                self._native_track(name, value)

    def __repr__(self) -> str:
        return f"<{public_class(self).__name__} name={self.name}, built={self.built}>"

    def __str__(self) -> str:
        return repr(self)


_BASE_ARGUMENTS = frozenset({"name", "trainable", "dtype", "autocast", "activity_regularizer"})


def _building(build: Callable[..., Any]) -> Callable[..., Any]:
    """Around every `build`: the layer's scope, real values even in symbolic scopes, and what is known afterwards."""

    @functools.wraps(build)
    def wrapper(self: Layer, *args: Any, **kwargs: Any) -> None:
        if self.__dict__.get("_is_building"):
            build(self, *args, **kwargs)
            return
        self.__dict__["_is_building"] = True
        outer = (state.symbolic, state.stateless, state.autocast, state.indirect)
        state.symbolic, state.stateless, state.autocast, state.indirect = 0, None, None, False
        try:
            with use_backend(self._backend), name_scope(self.name, override_parent=self._scope_path()):
                self.__dict__["_path"] = current_path()
                build(self, *args, **kwargs)
                self._mark_built(kwargs if kwargs else args[0] if len(args) == 1 else list(args) or None)
        finally:
            state.symbolic, state.stateless, state.autocast, state.indirect = outer
            del self.__dict__["_is_building"]

    return wrapper


def _encoded(value: Any) -> Any:
    """An argument as plain data; activations are written by their bare names."""
    return activations.serialize(value) if inspect.isfunction(value) else serialize_keras_object(value)


def _as_shape(shape: Any) -> Any:
    """Lists out of JSON back to tuples, nested ones too."""
    if isinstance(shape, dict):
        return {key: _as_shape(value) for key, value in shape.items()}
    if isinstance(shape, (list, tuple)):
        if all(size is None or isinstance(size, int) for size in shape):
            return tuple(shape)
        return [_as_shape(s) for s in shape]
    return shape


def _legacy_input_shape(kwargs: dict[str, Any]) -> Any:
    """`input_shape=` and `input_dim=` of old code: Sequential makes its Input from them."""
    input_dim = kwargs.pop("input_dim", None)
    input_shape = kwargs.pop("input_shape", None)
    return (input_dim,) if input_dim is not None else input_shape


def _same_length(own: list[Any], given: Any, what: str, where: str) -> None:
    if len(own) != len(given):
        raise ValueError(message(f"{where}: {what}: expected {len(own)} values, got {len(given)}"))
