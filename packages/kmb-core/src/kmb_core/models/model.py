"""Model: a layer that can be trained, saved and looked at.

A model made from symbolic inputs and outputs has a `Graph` and runs its plan; a subclass defines `call` itself. Both
are this class, so a subclass may also be given inputs and outputs.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core import saving, tree
from kmb_core.backend import KerasTensor, cast, use_backend
from kmb_core.errors import StructureError, message
from kmb_core.graph import Graph, input_name, with_rank
from kmb_core.layers.call_plan import call_plan
from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.layers.specialization import public_class
from kmb_core.layers.tracking import unique
from kmb_core.models.trained import Trained
from kmb_core.plugins import Capability
from kmb_core.serialization import saved_as, serialize_keras_object


@saved_as("keras")
class Model(Trained, Layer):
    """A layer with training, evaluation, prediction and files.

    Args:
        inputs: symbolic tensors made by `Input`, in any nesting.
        outputs: symbolic tensors that depend on them.
        name: automatic when None.
        trainable, dtype: as for every layer.

    `Model(inputs, outputs)` makes a functional model. A subclass makes layers in `__init__` and uses them in `call`.

    Raises:
        StructureError: when the outputs do not depend on the inputs alone.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.Input((3,))
        >>> model = kmb_core.Model(x, kmb_core.layers.Dense(1)(x))
        >>> model.output_shape
        (None, 1)
    """

    functional_class: type | None = None  # what Model(inputs, outputs) makes; models/functional.py sets it
    _graph: Graph | None = None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """A functional model when inputs and outputs are given to `Model` itself."""
        if cls is Model and Model.functional_class is not None and _is_functional(args, kwargs):
            cls = Model.functional_class
        instance = super().__new__(cls, *args, **kwargs)
        instance._reset_training()
        return instance

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        inputs, outputs, rest = _split_arguments(args, kwargs)
        super().__init__(**rest)
        if inputs is not None or outputs is not None:
            if inputs is None or outputs is None:
                raise StructureError(f"Model {self.name!r}: give both inputs and outputs")
            self._set_graph(inputs, outputs)

    # The graph of a functional model -----------------------------------------------------------------------------

    def _set_graph(self, inputs: Any, outputs: Any) -> None:
        graph = Graph(inputs, outputs, f"{public_class(self).__name__} {self.name!r}")
        self.__dict__["_graph"] = graph
        self.__dict__["_single_input"] = len(graph.inputs) == 1 and not isinstance(graph.input_structure, dict)
        self.__dict__["_input_rank"] = len(graph.inputs[0].shape)
        self.__dict__["_takes_text"] = any(tensor.dtype == "string" for tensor in graph.inputs)
        self.__dict__["_reads_text"] = any(map(self._keeps_as_array, graph.inputs))
        self._input_spec = _specs(graph)
        self._build_shapes = None
        self._mark_built(tree.map_structure(lambda t: t.shape, inputs))

    @property
    def input_dtype(self) -> str:
        """The dtype of the only Input; else the compute dtype."""
        graph = self._graph
        if graph is None or len(graph.inputs) != 1 or self._keeps_as_array(graph.inputs[0]):
            return super().input_dtype
        return graph.inputs[0].dtype

    def _keeps_as_array(self, tensor: KerasTensor) -> bool:
        """Whether an input is text that the backend has no tensors for: the layers of text take arrays."""
        return tensor.dtype == "string" and not self._backend.supports(Capability.STRINGS)

    def _converted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Inputs of a functional model get the dtypes of its Inputs; others are converted as for every layer."""
        graph = self._graph
        if graph is None or not args or (public_class(self).call not in (Model.call,) and not self._runs_graph()):
            return super()._converted(args, kwargs)
        flat = graph.flat_inputs(args[0])
        converted = [self._convert_one(x, tensor) for x, tensor in zip(flat, graph.inputs, strict=True)]
        first = converted[0] if self._single_input else converted
        return (first, *args[1:]), kwargs

    def _runs_graph(self) -> bool:
        return False

    def _convert_one(self, x: Any, tensor: KerasTensor) -> Any:
        if isinstance(x, KerasTensor):
            return x if x.dtype == tensor.dtype else cast(x, tensor.dtype)
        if x is None:
            return None
        backend = self._backend
        if self._keeps_as_array(tensor):
            return np.asarray(x)
        if tensor.dtype == "string" and isinstance(x, np.ndarray) and backend.is_tensor(x):
            return x  # objects may be text too
        if backend.is_tensor(x):
            return x if backend.dtype_name(x) == tensor.dtype else backend.cast(x, tensor.dtype)
        return backend.convert(x, tensor.dtype)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the model; subclasses define it."""
        graph = self._graph
        if graph is None:
            raise NotImplementedError(f"{public_class(self).__name__} {self.name!r} defines no `call` method")
        if self._single_input and len(inputs.shape) != self._input_rank:
            inputs = with_rank(inputs, graph.inputs[0])
        return graph.run(inputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs."""
        if self._graph is not None and (public_class(self).call is Model.call or self._runs_graph()):
            return self._graph.infer(args[0] if args else kwargs["inputs"])
        return super().compute_output_spec(*args, **kwargs)

    @property
    def inputs(self) -> list[KerasTensor] | None:
        """The symbolic inputs, flat; None for a subclassed model."""
        return None if self._graph is None else self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor] | None:
        """The symbolic outputs, flat; None for a subclassed model."""
        return None if self._graph is None else self._graph.outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs in their structure."""
        return self._need_graph("input").input_structure

    @property
    def output(self) -> Any:
        """The symbolic outputs in their structure."""
        return self._need_graph("output").output_structure

    @property
    def input_shape(self) -> Any:
        """The inputs' shapes, in their structure."""
        return tree.map_structure(lambda t: t.shape, self._need_graph("input_shape").input_structure)

    @property
    def output_shape(self) -> Any:
        """The outputs' shapes, in their structure."""
        return tree.map_structure(lambda t: t.shape, self._need_graph("output_shape").output_structure)

    def _need_graph(self, attribute: str) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"{public_class(self).__name__} {self.name!r} has no graph, so `{attribute}` is not defined"
            )
        return self._graph

    @property
    def input_names(self) -> list[str] | None:
        """The names of the inputs; None for a subclassed model."""
        return None if self._graph is None else [input_name(t) for t in self._graph.inputs]

    @property
    def output_names(self) -> list[str] | None:
        """The names of the operations that make the outputs; None for a subclassed model."""
        graph = self._graph
        if graph is None:
            return None
        if isinstance(graph.output_structure, dict):
            return sorted(graph.output_structure)
        return [tensor._history[0].name if tensor._history is not None else tensor.name for tensor in graph.outputs]

    # Layers ------------------------------------------------------------------------------------------------------

    def _sublayers(self) -> list[Any]:
        own = super()._sublayers()
        if self._graph is None:
            return own
        return unique([*(o for o in self._graph.operations if isinstance(o, Layer)), *own])

    @property
    def layers(self) -> list[Layer]:
        """The layers directly inside, in the order of the graph."""
        return self._sublayers()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by name or by its place in `layers`.

        Raises:
            ValueError: when there is none.
        """
        layers = self.layers
        if (name is None) == (index is None):
            raise ValueError("get_layer: give either name or index")
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(f"get_layer: index {index} is out of range for {len(layers)} layers")
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"get_layer: no layer {name!r}; there are: {', '.join(layer.name for layer in layers)}")

    def _has_own_build(self) -> bool:
        return type(self).build not in (Layer.build, Model.build)

    def _call_takes_training(self) -> bool:
        plan = call_plan(type(self))
        return plan.takes_training or plan.open

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build with what `get_build_config` gave."""
        if self.built or not config:
            return
        if self._has_own_build():
            super().build_from_config(config)
            return
        shapes = config.get("input_shape") or config.get("shapes_dict")
        if shapes is not None:
            self._build_from_shapes(shapes)

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape: the model is run on symbolic tensors."""
        if not self.built:
            self._build_from_shapes(input_shape)

    def _build_from_shapes(self, shapes: Any) -> None:
        shapes = tree.map_shape_structure(tuple, shapes)
        with use_backend(self._backend):
            if isinstance(shapes, dict) and all(key.endswith("_shape") for key in shapes):
                self.compute_output_shape(**shapes)
            else:
                self.compute_output_shape(shapes)
        self._build_shapes = shapes

    # Files and descriptions --------------------------------------------------------------------------------------

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the model (architecture, weights, compilation, optimizer state) to a `.keras` file.

        The file is written beside and renamed, so a failure leaves the old one whole.

        Raises:
            CheckpointError, ValueError: for a wrong extension, an unwritable folder, an object that cannot be
            described.
        """
        saving.save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Write the weights to a `.weights.h5` or `.safetensors` file, or to several; see `saving.save_weights`."""
        saving.save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read weights from a file of any of these formats, or from a `.keras` file.

        Raises:
            CheckpointError: listing what is missing, unexpected or of another shape.
        """
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_backend(self, backend: Any) -> Any:
        """The same model on another backend, in this process: architecture, weights, compilation, optimizer state.

        It goes through the description and the arrays that a `.keras` file would hold; nothing is written.

        Args:
            backend: the name of an installed backend, or a `Backend`.

        Returns:
            A new model; this one stays as it is. Metrics and random generators start afresh, as after loading.

        Raises:
            ValueError: for a part that cannot be described (a lambda, a class without `get_config`).
            UnknownBackendError, BackendNotInstalledError: see `kmb backends`.

        Example:
            >>> import kmb_core
            >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(3)])
            >>> model.to_backend(kmb_core.config.backend()).output_shape
            (None, 3)
        """
        from kmb_core.saving.copies import model_on  # few models move

        return model_on(self, backend)

    def to_json(self, **kwargs: Any) -> str:
        """The architecture as JSON; `model_from_json` makes a model of it."""
        return json.dumps(serialize_keras_object(self), **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model from what `get_config` gave."""
        functional = Model.functional_class
        if functional is not None and cls is Model and "input_layers" in config:
            return functional.from_config(config, custom_objects=custom_objects)  # type: ignore[attr-defined]  # a Model
        try:
            return cls(**saving.deserialized_config(config, custom_objects))
        except TypeError as error:
            what = f"{cls.__name__}.from_config: the config does not fit the constructor: {error}"
            raise TypeError(message(what, None, "Define get_config and from_config in the class.")) from error

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: tuple[str, str] | None = None,
    ) -> None:
        """Print a table of the layers with output shapes and numbers of parameters."""
        from kmb_core.models.summary import print_summary  # rich is imported when a table is drawn

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def quantize(self, mode: str | None = None, config: Any = None, filters: Any = None, **kwargs: Any) -> None:
        """Store the weights of every layer that can be quantized in fewer bits.

        Args:
            mode: "int8", "int4", "float8", or with a config of theirs "gptq" and "awq".
            config: a config out of `keras.quantizers`; the mode's defaults when None.
            filters: which layers: a regular expression for their names, a list of them, or a function of the layer.
            kwargs: `type_check=False` for subclasses that do not say how they are quantized.

        Raises:
            ValueError: for an unknown mode, config or filter, for a model without weights, and where a mode that is
                calibrated lacks data or the structure of the model.
        """
        from kmb_core.models.quantizing import quantize_model  # most models are never quantized

        type_check = kwargs.pop("type_check", True)
        if kwargs:
            raise ValueError(f"{type(self).__name__}.quantize: unexpected arguments {', '.join(sorted(kwargs))}")
        with use_backend(self._backend):
            quantize_model(self, mode, config, filters, type_check)

    def get_quantization_layer_structure(self, mode: str | None = None) -> Any:
        """The layers that calibration runs through; models that support it override this.

        Args:
            mode: "gptq" or "awq".

        Returns:
            {"pre_block_layers": layers in front, "sequential_blocks": blocks in order}, or None.
        """
        return None

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write the model's inference for programs that have neither this library nor the code of the model.

        Args:
            filepath: file or folder to write; replaced at once when all went well.
            format: the name of an exporter: "tf_saved_model", "litert", "onnx", "openvino", "stablehlo", "torch".
            verbose: True says what was written, False keeps quiet about a change of backend too.
            input_signature: KerasTensors, InputSpecs or tensors like the inputs; what it was built with when None.
            **kwargs: options of the exporter, and `tolerance`: how far outputs may differ from those of `predict`.

        A format that the model's backend does not know is written by another installed backend, which the model is
        moved to. What was written is read again and compared with the model on random inputs.

        Raises:
            ValueError (ExportError): for an unknown format, a layer that cannot be exported (it is named), other
                outputs than the model's.
            NotBuiltError: when the inputs are not known.
            ImportError: when a package is missing, with the command that installs it.
        """
        from kmb_core.export.exporting import export_model  # few models are exported

        export_model(self, filepath, format, verbose, input_signature, kwargs)


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


def _split_arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    """(inputs, outputs, other keyword arguments) of a constructor call."""
    rest = dict(kwargs)
    names = ("inputs", "outputs", "name")
    for name, value in zip(names, args, strict=False):
        if name in rest:
            raise TypeError(f"Model: {name} is given twice")
        rest[name] = value
    if len(args) > len(names):
        raise TypeError(f"Model: expected inputs, outputs and name, got {len(args)} positional arguments")
    return rest.pop("inputs", None), rest.pop("outputs", None), rest


def _specs(graph: Graph) -> Any:
    """What a functional model expects: the shapes of its Inputs."""
    specs = [
        InputSpec(shape=(None, *t.shape[1:]) if t.shape else t.shape, allow_last_axis_squeeze=True, name=input_name(t))
        for t in graph.inputs
    ]
    for spec, tensor in zip(specs, graph.inputs, strict=True):
        operation = tensor._history[0] if tensor._history is not None else None
        spec.optional = bool(getattr(operation, "optional", False))
    return specs[0] if isinstance(graph.input_structure, KerasTensor) else specs
