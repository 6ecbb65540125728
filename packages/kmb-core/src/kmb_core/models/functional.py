"""Functional: what `Model(inputs, outputs)` makes."""

from typing import Any

from kmb_core.graph.config import graph_from_config, graph_to_config
from kmb_core.layers.specialization import public_class
from kmb_core.models.model import Model
from kmb_core.serialization import saved_as


@saved_as("keras.src.models.functional")
class Functional(Model):
    """A model that is a graph; see `Model`."""

    making_is_a_call = True  # where Keras counts the calls of a model in a graph

    def get_config(self) -> dict[str, Any]:
        """Name, layers and connections; subclasses with a constructor of their own are described by its arguments."""
        cls = public_class(self)
        if cls.__init__ is not Functional.__init__ and cls is not Functional:
            return super().get_config()
        return {"name": self.name, "trainable": self.trainable, **graph_to_config(self._need_graph("config"))}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from what `get_config` gave."""
        if "input_layers" not in config:
            return super().from_config(config, custom_objects=custom_objects)
        inputs, outputs = graph_from_config(config, custom_objects)
        model = cls(inputs, outputs, name=config.get("name"))
        if not config.get("trainable", True):
            model.trainable = False
        return model

    def get_build_config(self) -> dict[str, Any] | None:
        """{"input_shape": None}: the graph itself says how it is built."""
        return {"input_shape": None}

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The outputs' shapes for the inputs' shapes."""
        return super().compute_output_shape(input_shape)


Model.functional_class = Functional
