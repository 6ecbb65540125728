"""What an endpoint takes: KerasTensors, from a model that is built or from what the user gives."""

import itertools
from collections.abc import Mapping
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, use_backend
from kmb_core.backend.scopes import SymbolicScope
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import NotBuiltError, StructureError, message
from kmb_core.graph import input_name
from kmb_core.layers.call_plan import call_plan
from kmb_core.plugins import Endpoint

_REMEDY = 'Call it on data, or pass input_signature=[kmb_core.InputSpec(shape=(None, 3), dtype="float32")].'


def model_endpoint(resource: Any, name: str, given: Any, options: Mapping[str, Any]) -> Endpoint:
    """The endpoint that runs a model or layer as `predict` does.

    Args:
        resource: a model or layer.
        name: the endpoint's name.
        given: an input signature of the user's, or None.
        options: the endpoint's options.

    Raises:
        NotBuiltError: where it has no weights yet and nothing says what it takes.
        StructureError: for a signature that is none.
    """
    names = _argument_names(resource)
    if given is not None:
        signature = _given(resource, given, names)
    elif getattr(resource, "inputs", None) is not None:
        signature = (tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype, name=input_name(x)), resource.input),)
    else:
        signature = _as_built(resource, names)
    endpoint = Endpoint(name, _call(resource, names[: len(signature)]), signature, options)
    build(resource, endpoint)
    return endpoint


def symbolic(structure: Any, where: str, dtype: str = "float32") -> Any:
    """KerasTensors like the leaves of a structure: KerasTensors, InputSpecs, arrays, tensors, a framework's own specs.

    Args:
        structure: anything with `shape` and `dtype`, nested.
        where: what asks, for the message.
        dtype: of InputSpecs that say none.

    Raises:
        StructureError: for a leaf without a shape.
    """

    numbers = itertools.count()

    def one(leaf: Any) -> KerasTensor:
        shape = getattr(leaf, "shape", None)
        if shape is None or getattr(shape, "rank", 0) is None:
            what = f"{where}: expected KerasTensors or InputSpecs with a shape in the input signature, got {leaf!r:.60}"
            raise StructureError(
                message(what, None, "Write None for sizes that stay open: InputSpec(shape=(None, 3)).")
            )
        named = None if isinstance(leaf, KerasTensor) and leaf._name is None else getattr(leaf, "name", None)
        name = named or f"input_{next(numbers)}"
        sizes = tuple(None if size is None else int(size) for size in shape)
        kind = getattr(leaf, "dtype", None)
        return KerasTensor(sizes, dtype if kind is None else standardize_dtype(kind), name=name)

    return tree.map_structure(one, structure)


def build(resource: Any, endpoint: Endpoint) -> None:
    """Make the weights of a model or layer that has none yet, by a call on symbolic tensors."""
    if getattr(resource, "built", True):
        return
    with SymbolicScope(), use_backend(resource._backend):
        endpoint.function(*endpoint.signature)


def _argument_names(resource: Any) -> tuple[str, ...]:
    """The positional parameters of `call` that are tensors."""
    plan = call_plan(type(resource))
    masks = {"mask", *plan.mask_of.values()}
    return tuple(name for name in plan.names if name not in masks and name != "training") or ("inputs",)


def _call(resource: Any, names: tuple[str, ...]) -> Any:
    takes_training = getattr(resource, "_call_takes_training", None)
    takes = takes_training() if takes_training is not None else call_plan(type(resource)).takes_training
    options = {"training": False} if takes else {}

    def call(*inputs: Any) -> Any:
        with use_backend(resource._backend):
            return resource(inputs[0], **dict(zip(names[1:], inputs[1:], strict=False)), **options)

    return call


def _given(resource: Any, given: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    tensors = _with_names_of(resource, symbolic(given, f"export of {resource.name!r}", resource.input_dtype))
    is_list = isinstance(tensors, (list, tuple))
    if is_list and (len(tensors) == 1 or (len(names) > 1 and _several_arguments(resource, names))):
        return tuple(tensors)
    return (list(tensors) if is_list else tensors,)


def _with_names_of(resource: Any, tensors: Any) -> Any:
    """A functional model's inputs keep their names."""
    own, leaves = getattr(resource, "inputs", None) or [], tree.flatten(tensors)
    if len(own) != len(leaves):
        return tensors
    named = [KerasTensor(x.shape, x.dtype, name=input_name(y)) for x, y in zip(leaves, own, strict=True)]
    return tree.pack_sequence_as(tensors, named)


def _several_arguments(resource: Any, names: tuple[str, ...]) -> bool:
    if getattr(resource, "inputs", None) is not None:
        return False
    if not resource.built:
        parameters = call_plan(type(resource)).signature.parameters
        return parameters[names[1]].default is parameters[names[1]].empty
    return _by_argument(resource._build_shapes)


def _as_built(resource: Any, names: tuple[str, ...]) -> tuple[Any, ...]:
    shapes = getattr(resource, "_build_shapes", None)
    if not resource.built or shapes is None:
        what = f"export of {resource.name!r}: the shapes of its inputs are not known"
        raise NotBuiltError(message(what, "It was never called on data.", _REMEDY))

    def tensors(nested: Any) -> Any:
        return tree.map_shape_structure(
            lambda shape: KerasTensor((None, *shape[1:]) if shape else shape, resource.input_dtype), nested
        )

    if not _by_argument(shapes):
        return (tensors(shapes),)
    named = {key.removesuffix("_shape"): shape for key, shape in shapes.items()}
    return tuple(tensors(named[name]) for name in names if name in named)


def _by_argument(shapes: Any) -> bool:
    """Whether shapes are those of several arguments of `call`, as `build` gets them."""
    return isinstance(shapes, Mapping) and bool(shapes) and all(key.endswith("_shape") for key in shapes)
