"""TFSMLayer: a SavedModel as a layer.

A SavedModel is a program, so a file must not be able to name one (CVE-2026-1462): the layer is made in code, or from
a file only after its reader has said that programs may be loaded.
"""

import os
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.variable import TensorFlowVariable
from kmb_core.backend import current_backend, name_scope
from kmb_core.backend.scopes import TracingScope
from kmb_core.config import is_unsafe_deserialization_enabled
from kmb_core.errors import BackendError, MissingFileError, SecurityError, ShapeError, message
from kmb_core.layers import Layer
from kmb_core.serialization import deserialized_config, saved_as


class HeldVariable(TensorFlowVariable):
    """A variable that a SavedModel made."""

    def __init__(self, held: tf.Variable, trainable: bool) -> None:
        self._held = held
        name = held.name.partition(":")[0].replace("/", ".")
        super().__init__(held.read_value(), trainable=trainable, autocast=False, name=name)

    def _create(self, value: Any) -> Any:
        return self._held


@saved_as("keras.layers")
class TFSMLayer(Layer):
    """A SavedModel of TensorFlow as a layer; its variables are the layer's.

    Args:
        filepath: the SavedModel's folder, as `model.export` or `tf.saved_model.save` write it.
        call_endpoint: the function to call: an attribute of what was saved, or one of its signatures.
        call_training_endpoint: the function to call in training; `call_endpoint` when None.
        trainable: whether the SavedModel's trainable variables are trained.
        name: automatic when None.
        dtype: the layer's dtype policy.

    Input and output: the function's; a signature gives a dict.

    Raises:
        FileNotFoundError: when there is no SavedModel.
        ValueError: for an endpoint that it does not have.
        BackendError: on another backend than TensorFlow.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """An instance, where TensorFlow runs."""
        backend = current_backend()
        if backend.name != "tensorflow":
            what = f"{cls.__name__}: a SavedModel cannot run on the {backend.name} backend"
            raise BackendError(message(what, None, 'Make the model inside `with kmb_core.use_backend("tensorflow"):`.'))
        return super().__new__(cls, *args, **kwargs)

    def __init__(
        self,
        filepath: Any,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype)
        self.filepath = os.fspath(filepath)
        self.call_endpoint, self.call_training_endpoint = call_endpoint, call_training_endpoint
        if not tf.saved_model.contains_saved_model(self.filepath):
            what = f"{self._where()}: there is no SavedModel in {self.filepath!r}"
            raise MissingFileError(message(what, None, "model.export(folder) writes one."))
        self._reloaded = tf.saved_model.load(self.filepath)
        self._calls = self._endpoint(call_endpoint)
        self._trains = self._calls if call_training_endpoint is None else self._endpoint(call_training_endpoint)
        self._hold_variables()
        self._needs_no_building()

    def _endpoint(self, name: str) -> Any:
        signatures = getattr(self._reloaded, "signatures", {})
        found = getattr(self._reloaded, name, None)
        found = found if callable(found) else signatures.get(name)
        if found is None:
            functions = (key for key in dir(self._reloaded) if key[0] != "_" and hasattr(self._reloaded, key))
            callables = [key for key in functions if callable(getattr(self._reloaded, key))]
            what = f"{self._where()}: the SavedModel has no endpoint {name!r}"
            cause = f"It has {', '.join(sorted({*callables, *signatures})) or 'none'}."
            raise ValueError(message(what, cause, "Choose one with call_endpoint=..."))
        return found

    def _hold_variables(self) -> None:
        """Each variable once: what was saved lists its own, and its functions know those that they read."""
        endpoints = (self._calls, self._trains)
        functions = [part for call in endpoints for part in getattr(call, "concrete_functions", [call])]
        holders = (self._reloaded, *functions)
        trained = {id(v): v for h in holders for v in _listed(h, "trainable_variables")}
        others = {id(v): v for h in holders for v in _listed(h, "variables") if id(v) not in trained}
        with name_scope(self.name, override_parent=self._scope_path()):
            for held, trains in ((trained, True), (others, False)):
                for variable in held.values():
                    self._track_variable(HeldVariable(variable, trains))

    def call(self, inputs: Any, training: bool = False, **kwargs: Any) -> Any:
        """What the endpoint gives."""
        return (self._trains if training else self._calls)(inputs, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs: the endpoint is traced."""
        try:
            with TracingScope():
                return self._backend.implementation.abstract_call(self.call, (args, kwargs))
        except Exception as error:
            what = f"{self._where()}: the outputs' shapes cannot be worked out"
            cause = f"Endpoint {self.call_endpoint!r} does not take the inputs: {type(error).__name__}: {error}"
            raise ShapeError(message(what, cause, None)) from error

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool | None = None) -> Any:
        """A layer from what `get_config` gave.

        Args:
            config: the description, which names the folder of a SavedModel.
            custom_objects: {name: class} beside what is registered.
            safe_mode: False to load the SavedModel; None follows `config.enable_unsafe_deserialization()`.

        Raises:
            SecurityError: in safe mode.
        """
        safe = not is_unsafe_deserialization_enabled() if safe_mode is None else safe_mode
        if safe:
            what = f"TFSMLayer {config.get('name')!r}: a file names a SavedModel, {config.get('filepath')!r:.60}"
            cause = "It is a program, and would run with whatever rights this process has."
            remedy = (
                "Make the layer in code; or, for a file that you trust, call "
                "kmb_core.config.enable_unsafe_deserialization() first."
            )
            raise SecurityError(message(what, cause, remedy))
        return cls(**deserialized_config(config, custom_objects))


def _listed(holder: Any, name: str) -> list[Any]:
    found = getattr(holder, name, ())
    return [v for v in found if isinstance(v, tf.Variable)] if isinstance(found, (list, tuple)) else []
