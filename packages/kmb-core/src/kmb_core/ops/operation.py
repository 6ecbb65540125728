"""Operations: what can stand in a graph. Layers and functions are operations; an op becomes one when recorded."""

import inspect
from typing import TYPE_CHECKING, Any

from kmb_core import tree
from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.names import auto_name
from kmb_core.backend.node import Node
from kmb_core.backend.scopes import SymbolicScope
from kmb_core.backend.selection import current_backend
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import message
from kmb_core.ops.inference import infer
from kmb_core.settings import image_data_format

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op


class Operation:
    """Something that takes tensors and gives tensors, and can stand in the graph of a functional model.

    Args:
        name: automatic (snake case of the class, and a counter) when None.

    Raises:
        ValueError: for a name that is no string or has "/".
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = auto_name(getattr(self, "__kmb_public__", type(self)).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"{type(self).__name__}: name is a string without '/', got {name!r}")
        self.name = name
        self._inbound_nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `call`, or `symbolic_call` where an argument is symbolic."""
        if has_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Work out the outputs' shapes and dtypes, and record the call as a node."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(self, args, kwargs, outputs)
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the operation does; subclasses supply it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call` method")

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """What a quantized layer does instead of `call`; layers that can be quantized supply it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `quantized_call` method")

    def rematerialized_call(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """`fn`, with its activations recomputed in the backward pass."""
        kernel = current_backend().kernels.get("remat")
        return (kernel(fn) if kernel is not None else fn)(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs, worked out by running `call` on symbolic tensors."""
        try:
            with SymbolicScope():
                return self.call(*args, **kwargs)
        except Exception as error:
            what = f"{type(self).__name__} {self.name!r}: the output's shape cannot be worked out from `call`"
            remedy = "Define compute_output_shape(input_shape) or compute_output_spec(...) in the class."
            error.add_note(message(what, None, remedy))
            raise

    @property
    def input(self) -> Any:
        """The symbolic input, or inputs, of the only call."""
        node = self._only_node("input")
        return node.inputs[0] if len(node.inputs) == 1 else node.inputs

    @property
    def output(self) -> Any:
        """The symbolic output, or outputs, of the only call."""
        return self._only_node("output").output_structure

    def _only_node(self, attribute: str) -> Node:
        nodes = self._inbound_nodes
        if len(nodes) != 1:
            problem = "was never called on symbolic tensors" if not nodes else f"was called {len(nodes)} times"
            raise AttributeError(f"{type(self).__name__} {self.name!r} {problem}, so `{attribute}` is not defined")
        return nodes[0]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal operation."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An operation from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class DeclaredOperation(Operation):
    """A call of a declared op in a graph: one class for all ops. Its config is the op's non-tensor arguments."""

    def __init__(self, op: "Op", config: dict[str, Any] | None = None, name: str | None = None) -> None:
        super().__init__(name or auto_name(op.name))
        self.op = op
        self.config = dict(config or {})
        kinds = {p.kind: p.name for p in op.signature.parameters.values()}
        self._free_keywords = kinds.get(inspect.Parameter.VAR_KEYWORD)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op on a call's tensors and the configuration."""
        bound = inspect.BoundArguments(self.op.signature, self.bound(args, kwargs))  # type: ignore[arg-type]  # any mapping does
        return self.op.function(*bound.args, **bound.kwargs)

    def bound(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Tensors of a call and the configuration, by parameter name."""
        bound = {**self.config, **kwargs}
        free = [p for p in self.op.parameters if p.in_call or p.name not in self.config]
        for position, parameter in enumerate(free[: len(args)]):
            bound[parameter.name] = list(args[position:]) if parameter.variadic else args[position]
            if parameter.variadic:
                break
        if self._free_keywords is not None:  # takes the names that no parameter has
            extra = {key: bound.pop(key) for key in list(bound) if key not in self.op.signature.parameters}
            bound[self._free_keywords] = {**bound.get(self._free_keywords, {}), **extra}
        return bound

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the op's results."""
        return infer(self.op, self.bound(args, kwargs))

    def get_config(self) -> dict[str, Any]:
        """The name and the configuration."""
        return {"name": self.name, **self.config}


def record(op: "Op", arguments: dict[str, Any], outputs: Any) -> Any:
    """Put a call of a declared op into the graph."""
    args, kwargs = [], {}
    first = next((index for index, parameter in enumerate(op.parameters) if parameter.in_call), 0)
    for index, parameter in enumerate(op.parameters):
        name = parameter.name
        if not parameter.in_call or (name not in arguments and not op.stated):
            continue
        if op.signature.parameters[name].kind is inspect.Parameter.VAR_KEYWORD:
            kwargs |= arguments[name]
        elif parameter.variadic:
            args += arguments[name]
        elif op.stated or len(args) == index - first:
            args.append(arguments.get(name))
        else:  # configuration stands between it and the first
            kwargs[name] = arguments[name]
    config = {p.name: arguments.get(p.name, p.default) for p in op.parameters if not p.in_call}
    dtype = config.get("dtype")
    if dtype is not None and dtype is not inspect.Parameter.empty:  # by name: files hold no objects
        config["dtype"] = standardize_dtype(dtype)
    if isinstance(config.get("newshape"), int):  # files have a sequence
        config["newshape"] = (config["newshape"],)
    if "data_format" in config and config["data_format"] is None:  # as it is now, not where the file is read
        config["data_format"] = image_data_format()
    operation = DeclaredOperation(op, {k: v for k, v in config.items() if v is not inspect.Parameter.empty})
    Node(operation, tuple(args), kwargs, outputs)
    return outputs


def has_symbolic(args: Any, kwargs: Any = None) -> bool:
    """Whether any tensor among nested arguments is symbolic."""
    for argument in args:
        if argument.__class__ is KerasTensor:
            return True
    return any(isinstance(x, KerasTensor) for x in tree.flatten((args, kwargs or {})))
