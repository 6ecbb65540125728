"""TorchModuleWrapper: a `torch.nn.Module` as a layer of a model.

A pickled module is a program, so none is written to a file unless the layer is told to, and none is read from one
unless whoever loads it says so. A module whose class is registered goes into a file as its config, without code.
"""

import base64
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch
from torch import nn

from kmb_backend_torch.conversion import dtype_name, native_dtype
from kmb_backend_torch.module_variable import awaits_shapes, module_variables
from kmb_backend_torch.placement import placement
from kmb_core import tree
from kmb_core.backend import KerasTensor, current_backend, name_scope
from kmb_core.backend.scopes import TracingScope
from kmb_core.config import is_unsafe_deserialization_enabled
from kmb_core.dtypes import floatx
from kmb_core.errors import BackendError, CheckpointError, SecurityError, ShapeError, message
from kmb_core.layers import Layer
from kmb_core.serialization import deserialized_config, saved_as, serialize_keras_object
from kmb_core.serialization.registry import get_registered_name, get_registered_object

_PICKLE = "torch module"  # the class name of a pickled module in a config


@saved_as("keras.layers")
class TorchModuleWrapper(Layer):
    """A module of torch as a layer: its parameters and buffers are the layer's variables.

    They are trained, saved and counted with the model's other weights, under the names of the module's state dict.
    For torch the module is a submodule like any other.

    Args:
        module: a `torch.nn.Module`. Lazy modules get their parameters at the layer's first call.
        name: automatic when None.
        output_shape: the shape of the outputs, batch included; found by tracing the module when None.
        store_pickle: whether `get_config` may hold the module as a pickle, for a class that is not registered. Reading
            one runs code, so loading such a file is refused unless `config.enable_unsafe_deserialization()` was called.
        **kwargs: `trainable`, `dtype` and what else a layer takes. The dtype is the module's own when none is given.

    Input and output: the module's. `training=` sets the module's mode; without it the mode stays as it is.

    Raises:
        TypeError: when `module` is no module.
        BackendError: on another backend than torch.

    Example:
        >>> import torch
        >>> import kmb_core
        >>> with kmb_core.use_backend("torch"):
        ...     layer = kmb_core.layers.TorchModuleWrapper(torch.nn.Linear(4, 2))
        ...     tuple(layer(torch.ones(3, 4)).shape), layer.count_params()
        ((3, 2), 10)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """An instance, where torch runs."""
        backend = current_backend()
        if backend.name != "torch":
            what = f"{cls.__name__}: a module of torch cannot run on the {backend.name} backend"
            raise BackendError(message(what, None, 'Make the model inside `with kmb_core.use_backend("torch"):`.'))
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        module: nn.Module,
        name: str | None = None,
        output_shape: Any = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(module, nn.Module):
            raise TypeError(f"TorchModuleWrapper: expected a torch.nn.Module, got {type(module).__name__}")
        store_pickle = kwargs.pop("store_pickle", False)
        super().__init__(name=name, **_with_dtype_of(module, kwargs))
        self.output_shape = output_shape
        self.store_pickle = bool(store_pickle)
        self.module = module.to(placement.device)
        if not awaits_shapes(module):
            self._needs_no_building()

    def _hold_module(self, name: str, module: nn.Module) -> None:
        """The module's weights go by their names in it; those of lazy modules follow with the first call."""
        if not awaits_shapes(module):
            with name_scope(self.name, override_parent=self._scope_path()):
                self._hold(module_variables(module))

    def _build_from_call(self, plan: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Let a lazy module see data of the inputs' shapes."""
        with torch.no_grad(), _evaluating(self.module):
            self.module(*tree.map_structure(_zeros, args), **tree.map_structure(_zeros, kwargs))
        self._hold_module("module", self.module)
        self._mark_built(None)

    def call(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """What the module gives for the inputs."""
        module = self.module
        if training is not None and module.training is not bool(training):
            module.train(bool(training))
        with self._precision():
            return module(*args, **kwargs)

    def _precision(self) -> AbstractContextManager[Any]:
        """torch's own mixed precision, where the layer's policy asks for it."""
        dtype = self._autocast_dtype()
        return nullcontext() if dtype is None else torch.autocast(placement.device.type, native_dtype(dtype))

    def parameters(self, recurse: bool = True) -> Iterator[nn.Parameter]:
        """The module's parameters."""
        return self.module.parameters(recurse=recurse)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the outputs for inputs of a shape."""
        if self.output_shape is not None:
            return tuple(self.output_shape)
        inputs = tree.map_shape_structure(lambda shape: KerasTensor(shape, dtype=self.input_dtype), input_shape)
        return tree.map_structure(lambda x: x.shape, self.compute_output_spec(inputs))

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs, from a run of the module on shapes alone."""
        if self.output_shape is not None:
            return KerasTensor(tuple(self.output_shape), dtype=self.compute_dtype)
        try:
            with _evaluating(self.module), TracingScope():  # in training norms would count the run
                return self._backend.implementation.abstract_call(self.call, (args, {**kwargs, "training": None}))
        except Exception as error:
            what = f"{self._where()}: the outputs' shapes cannot be worked out"
            cause = f"{type(self.module).__name__} does not take the inputs: {type(error).__name__}: {error}"
            raise ShapeError(message(what, cause, "Give output_shape=... if the module needs values.")) from error

    # Files -----------------------------------------------------------------------------------------------------------

    def save_own_variables(self, store: Any) -> None:
        """Put the module's state dict into a mapping."""
        for key, value in self.module.state_dict().items():
            if not isinstance(value, torch.Tensor):
                what = f"{self._where()}: {key!r} of the module's state is no tensor but {type(value).__name__}"
                raise CheckpointError(message(what, "A file of weights holds tensors only.", None))
            store[key] = value

    def load_own_variables(self, store: Any) -> None:
        """Take them back.

        Raises:
            ValueError: when names or shapes differ.
        """
        expected = self.module.state_dict()
        if expected.keys() != set(store.keys()):
            missing, other = sorted(expected.keys() - set(store.keys())), sorted(set(store.keys()) - expected.keys())
            what = f"{self._where()}: the file lacks {missing or 'nothing'} and has {other or 'nothing'} beside"
            raise CheckpointError(message(what, "It is of another module.", None))
        convert = self._backend.convert
        self.module.load_state_dict({key: convert(store[key], dtype_name(value)) for key, value in expected.items()})

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments as plain data.

        Raises:
            ValueError: for a module whose class is not registered, unless `store_pickle` is set.
        """
        described = self._described() if _is_registered(self.module) else self._pickled()
        return {**super().get_config(), "module": described, "output_shape": self.output_shape}

    _unsaved_arguments = frozenset({"module", "output_shape"})

    def _described(self) -> dict[str, Any]:
        return serialize_keras_object(self.module)

    def _pickled(self) -> dict[str, Any]:
        if not self.store_pickle:
            what = f"{self._where()}: {type(self.module).__name__} is no registered class, so a file cannot describe it"
            cause = "Storing it as a pickle would make whoever opens the file run code; only its weights are data."
            remedy = (
                "Put @kmb_core.saving.register_keras_serializable() on the module's class and give it get_config and "
                "from_config; or save the weights alone; or make the layer with store_pickle=True."
            )
            raise CheckpointError(message(what, cause, remedy))
        buffer = io.BytesIO()
        torch.save(self.module, buffer)
        return {"class_name": _PICKLE, "config": base64.b64encode(buffer.getvalue()).decode()}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool | None = None) -> Any:
        """A layer from what `get_config` gave.

        Args:
            config: the description.
            custom_objects: {name: class} beside what is registered.
            safe_mode: False to unpickle a module, which may run any code; None follows
                `config.enable_unsafe_deserialization()`.

        Raises:
            SecurityError: for a pickled module in safe mode.
        """
        config = dict(config)
        described = config.pop("module")
        if isinstance(described, nn.Module):
            module = described
        elif _is_description(described):
            module = deserialized_config({"module": described}, custom_objects)["module"]
        else:
            module = _unpickled(described, config.get("name"), safe_mode)
            config["store_pickle"] = True
        return cls(module, **deserialized_config(config, custom_objects))


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Inside, the module is in its mode of evaluation, in which it changes no state."""
    modes = {part: part.training for part in module.modules()}
    try:
        module.eval()
        yield
    finally:
        for part, training in modes.items():
            part.training = training


def _with_dtype_of(module: nn.Module, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The layer's arguments, with the module's dtype where it differs from the usual one and none is given."""
    first = next((value for value in module.parameters() if value.is_floating_point()), None)
    if kwargs.get("dtype") is not None or first is None or dtype_name(first) == floatx():
        return kwargs
    return {**kwargs, "dtype": dtype_name(first)}


def _zeros(x: Any) -> Any:
    """Data of a tensor's shape; two of what is of unknown number."""
    if isinstance(x, KerasTensor):
        return torch.zeros([size or 2 for size in x.shape], dtype=native_dtype(x.dtype), device=placement.device)
    return torch.zeros_like(x) if isinstance(x, torch.Tensor) else x


def _is_registered(module: nn.Module) -> bool:
    cls = type(module)
    return hasattr(cls, "get_config") and get_registered_object(get_registered_name(cls)) is cls


def _is_description(described: Any) -> bool:
    return isinstance(described, Mapping) and "registered_name" in described


def _unpickled(described: Any, name: Any, safe_mode: bool | None) -> nn.Module:
    safe = not is_unsafe_deserialization_enabled() if safe_mode is None else safe_mode
    if safe:
        what = f"TorchModuleWrapper {name!r}: the file holds a pickled module, which is not opened"
        cause = "Reading a pickle runs whatever code its author put there."
        remedy = (
            "Build the model in code and load its weights; or, for a file that you trust, call "
            "kmb_core.config.enable_unsafe_deserialization() first."
        )
        raise SecurityError(message(what, cause, remedy))
    read: Callable[..., Any] = torch.load
    return read(io.BytesIO(_bytes_of(described)), weights_only=False, map_location=placement.device)


def _bytes_of(described: Any) -> bytes:
    """The pickle's bytes, as this layer writes them or as Keras does."""
    if isinstance(described, bytes):
        return described
    if not isinstance(described, Mapping) or not isinstance(described.get("config"), (str, Mapping)):
        raise CheckpointError("TorchModuleWrapper: the config holds no module")
    config = described["config"]
    return base64.b64decode(config["value"] if isinstance(config, Mapping) else config)
