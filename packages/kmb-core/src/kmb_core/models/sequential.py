"""Sequential: layers one after the other."""

from typing import Any

from kmb_core import dtype_policies
from kmb_core.backend import KerasTensor, use_backend
from kmb_core.errors import ShapeError, StructureError, message
from kmb_core.layers.input_layer import InputLayer
from kmb_core.layers.layer import Layer
from kmb_core.models.model import Model
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


@saved_as("keras")
class Sequential(Model):
    """A model that calls its layers in order; each has one input and one output.

    Args:
        layers: layers; the first may be an `Input`, then the model is built at once, else at its first call.
        trainable: whether its weights are trained.
        name: automatic when None.

    Raises:
        ValueError: for what is no layer, or two layers of one name.

    Example:
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.Input((4,)), kmb_core.layers.Dense(2)])
        >>> model.output_shape
        (None, 2)
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self.__dict__["_stack"] = []
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Append a layer, or an `Input` in the first place."""
        if isinstance(layer, KerasTensor):
            layer = layer._history[0] if layer._history is not None else layer
        if not isinstance(layer, Layer):
            raise ValueError(f"Sequential {self.name!r}: expected a layer, got {type(layer).__name__}")
        if any(layer.name == other.name for other in self._stack):
            what = f"Sequential {self.name!r}: two layers are called {layer.name!r}"
            raise ValueError(message(what, "The same layer was added twice, or two were given one name.", None))
        if isinstance(layer, InputLayer) and self._stack:
            raise ValueError(f"Sequential {self.name!r}: an Input can only come first")
        given = getattr(layer, "_input_shape_argument", None)
        if not self._stack and not isinstance(layer, InputLayer) and given is not None:
            self._stack.append(InputLayer(shape=given))
        if not self._stack and not isinstance(layer, InputLayer) and getattr(layer, "_graph", None) is not None:
            inputs = layer._graph.inputs
            self._stack.append(InputLayer(batch_shape=inputs[0].shape, dtype=inputs[0].dtype))
        self._stack.append(layer)
        self._adopt(layer)
        if rebuild:
            self._rebuild()
        else:
            object.__setattr__(self, "built", False)

    def _adopt(self, layer: Layer) -> None:
        if not isinstance(layer, InputLayer):
            self._native_track(layer.name, layer)

    def pop(self, rebuild: bool = True) -> Any:
        """Take off the last layer and return it."""
        layer = self._stack.pop()
        self._native_untrack(layer.name)
        self.__dict__["_graph"] = None
        object.__setattr__(self, "built", False)
        if rebuild:
            self._rebuild()
        return layer

    @property
    def layers(self) -> list[Layer]:
        """The layers, without the Input."""
        stack = self.__dict__.get("_stack", [])
        return list(stack[1:]) if stack and isinstance(stack[0], InputLayer) else list(stack)

    def _sublayers(self) -> list[Any]:
        return self.layers

    def _rebuild(self) -> None:
        """Make the graph when the shape of the input is known."""
        self.__dict__["_graph"] = None
        object.__setattr__(self, "built", False)
        if len(self._stack) > 1 and isinstance(self._stack[0], InputLayer):
            self.build(self._stack[0].batch_shape)

    def _build_graph(self, inputs: Any) -> None:
        with use_backend(self._backend):
            x = inputs
            for layer in self.layers:
                x = layer(x)
                if not isinstance(x, KerasTensor):
                    what = (
                        f"Sequential {self.name!r}: layer {layer.name!r} gives {type(x).__name__}, expected one tensor"
                    )
                    raise StructureError(message(what, None, "Use the functional API for several outputs."))
            self._set_graph(inputs, x)

    def build(self, input_shape: Any = None) -> None:
        """Build for inputs of this shape, batch size first."""
        if self.built and self._graph is not None:
            return
        if input_shape is None:
            raise ShapeError(f"Sequential {self.name!r}: build needs an input_shape when there is no Input")
        if not self._stack:
            raise ValueError(f"Sequential {self.name!r} has no layers yet")
        if not isinstance(self._stack[0], InputLayer):
            dtype = getattr(self.layers[0], "compute_dtype", None)
            self._stack.insert(0, InputLayer(batch_shape=tuple(input_shape), dtype=dtype))
        self._build_graph(self._stack[0].output)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """Run the layers in order."""
        if self._graph is not None:
            return Model.call(self, inputs)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _runs_graph(self) -> bool:
        return True

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The output's shape for the input's."""
        shape = tuple(input_shape)
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
        return shape

    def get_config(self) -> dict[str, Any]:
        """Name, policy and layers."""
        config: dict[str, Any] = {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
            "layers": [serialize_keras_object(layer) for layer in self._stack],
        }
        if self._stack and isinstance(self._stack[0], InputLayer):
            config["build_input_shape"] = list(self._stack[0].batch_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from what `get_config` gave."""
        model = cls(name=config.get("name"))
        for entry in config["layers"]:
            model.add(deserialize_keras_object(entry, custom_objects=custom_objects), rebuild=False)
        model._rebuild()
        shape = config.get("build_input_shape")
        if not model.built and shape and isinstance(shape, (list, tuple)) and model.layers:
            model.build(tuple(shape))
        if not config.get("trainable", True):
            model.trainable = False
        return model
