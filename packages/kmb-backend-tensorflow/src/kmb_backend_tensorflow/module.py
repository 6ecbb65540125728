"""The native base of layers and models on TensorFlow: a `tf.Module`.

So a layer may stand inside a tf.Module, be saved by `tf.train.Checkpoint` and exported by `tf.saved_model.save`.
Nothing is kept in step while attributes are set: what a layer holds is looked up when TensorFlow asks for it. Children
are named after attributes, with the position or key in a container ("blocks.0"); what no attribute holds is numbered
("variables.1", "layers.0", the layers of a functional model).
"""

from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.lookup import LookupTable
from kmb_core.backend import Variable

_Function = type(tf.function(lambda: None))
_NOT_IN_CHECKPOINTS = (_Function, LookupTable)
_CONTENTS = "_self_contents"


class TensorFlowModule(tf.Module):
    """What a layer of the core is besides, on this backend.

    The core joins a layer's class with this one, the layer's first; names in `__kmb_overrides__` are taken from here.
    """

    __kmb_overrides__ = ("_native_track", "_TF_MODULE_IGNORED_PROPERTIES", "name", "name_scope")

    def __init__(self) -> None:
        # tf.Module's own __init__ only makes a name and a scope, which are the layer's here.
        self._maybe_initialize_trackable()
        self.__dict__[_CONTENTS] = ()

    @property
    def name(self) -> Any:
        """The layer's name."""
        return self.__dict__["name"]

    @name.setter
    def name(self, value: Any) -> None:
        self.__dict__["name"] = value

    @property
    def name_scope(self) -> Any:
        """A tf.name_scope of the layer's name."""
        return tf.name_scope(self.name)

    # For tf.Module: a walk over attributes ---------------------------------------------------------------------------

    @property
    def _TF_MODULE_IGNORED_PROPERTIES(self) -> frozenset[str]:
        """All attributes but one, which is filled now: tf.Module asks this right before it walks over them."""
        self.__dict__[_CONTENTS] = [_trackable(child) for _, child in self._contents()]
        return frozenset(self.__dict__) - {_CONTENTS}

    def _contents(self) -> Iterator[tuple[str, Any]]:
        """(name, child) for each variable of ours, layer and TensorFlow object directly inside."""
        seen: set[int] = set()
        for name, value in list(self.__dict__.items()):
            if name in _MACHINERY or name in self._native_attributes:
                continue
            for path, child in _children(name, value):
                seen.add(id(child))
                yield path, child
        own = (*self._trainable_variables, *self._non_trainable_variables)
        rest = [("variables", own), ("layers", self._sublayers())]
        for name, items in rest:
            yield from ((f"{name}.{i}", item) for i, item in enumerate(items) if id(item) not in seen)

    # For checkpoints and SavedModel ----------------------------------------------------------------------------------

    def _trackable_children(self, save_type: str = "checkpoint", **kwargs: Any) -> dict[str, Any]:
        children = {name: _trackable(child) for name, child in self._contents()}
        if save_type == "checkpoint":
            return {name: child for name, child in children.items() if not isinstance(child, _NOT_IN_CHECKPOINTS)}
        children |= self._functions()
        for child in list(children.values()):
            if isinstance(child, _Function):  # traced now, so that what tracing creates is there to be saved
                child._list_all_concrete_functions_for_serialization()
        return children

    def _functions(self) -> dict[str, Any]:
        """The tf.functions among the methods, and the call of a model that is built."""
        found = {
            name: getattr(self, name)
            for cls in type(self).__mro__
            for name, value in cls.__dict__.items()
            if isinstance(value, _Function)
        }
        signature = self._call_signature()
        if signature is not None and "__call__" not in found:
            found["__call__"] = found["_default_save_signature"] = signature
        return found

    def _call_signature(self) -> Any:
        """The inference of a model whose input shapes are known, as a tf.function; None for other layers."""
        if getattr(type(self), "fit", None) is None or not self.built or not self._build_shapes:
            return None
        from kmb_backend_tensorflow.exporting import inference_function  # needs this file

        return inference_function(self)

    def _lookup_dependency(self, name: str, cached_dependencies: Any = None) -> Any:
        children = self._trackable_children() if cached_dependencies is None else cached_dependencies
        return children.get(name)

    def _native_track(self, name: str, value: Any) -> None:
        """Give a new attribute what a checkpoint that was restored before it existed has for it."""
        if self.__dict__.get("_self_unconditional_deferred_dependencies") and name not in _MACHINERY:
            for path, child in _children(name, value):
                self._handle_deferred_dependencies(path, _trackable(child))


# Attributes of the core's own machinery, which hold nothing of the user's that is not found elsewhere.
_MACHINERY = frozenset(
    {
        "_backend",
        "_build_shapes",
        "_compile_arguments",
        "_constructor",
        "_fast",
        "_graph",
        "_inbound_nodes",
        "_losses",
        "_native_attributes",
        "_non_trainable_variables",
        "_trainable_variables",
        "_trainer",
        "history",
    }
)


def _children(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What TensorFlow can track in an attribute, containers opened."""
    if isinstance(value, (Variable, tf.__internal__.tracking.Trackable)):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _children(f"{path}.{key}", item)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _children(f"{path}.{index}", item)
    elif type(value).__module__.startswith("kmb_core"):
        yield from _state_of(path, value)


def _state_of(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The variables of metrics, optimizers (`variables`) and seed generators (`state`); tables of vocabularies."""
    state = getattr(value, "state", None)
    if isinstance(state, Variable):
        yield f"{path}.state", state
    for name, made in _tables(value).items():
        yield f"{path}.{name}", made
    for index, variable in enumerate(_variables(value)):
        yield f"{path}.variables.{index}", variable


def _tables(value: Any) -> dict[str, Any]:
    """Tables that this backend has made for a vocabulary."""
    made = getattr(value, "made", {})
    return {name: table for name, table in made.items() if isinstance(table, LookupTable)}


def _variables(value: Any) -> list[Any]:
    variables = getattr(value, "variables", ())
    return [v for v in variables if isinstance(v, Variable)] if isinstance(variables, (list, tuple)) else []


def _trackable(child: Any) -> Any:
    return child._value if isinstance(child, Variable) else child
