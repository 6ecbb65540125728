"""Calling a layer.

The usual call, one plain tensor of the right dtype (or a list of them) into a built layer, is a handful of attribute
tests, the check of the input spec and `call` itself: `Calling.__call__`. Everything else goes the general way in
`_call_general`: other backends, symbolic tensors, conversion, several inputs, masks, building, mixed precision,
activity regularizers, native hooks.
What the quick way depends on is worked out in `_plan_calls` when the layer is built or changed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import AutocastScope, KerasTensor, Node, current_backend, process, state, use_backend
from kmb_core.backend.masks import get_mask, in_use, set_mask
from kmb_core.errors import DTypeError, message
from kmb_core.layers.call_plan import CallPlan, build_parameters, call_plan
from kmb_core.layers.input_spec import check_inputs, compiled_check
from kmb_core.layers.specialization import public_class
from kmb_core.layers.tracking import Tracking
from kmb_core.ops.arithmetic import maximum, true_divide
from kmb_core.ops.operation import has_symbolic
from kmb_core.ops.tensors import shape


class FastCall:
    """What the quick way of one built layer needs."""

    __slots__ = ("autocast", "backend", "check", "composite", "dtype", "exact", "shape", "takes_training")

    def __init__(self, layer: "Calling") -> None:
        self.backend = layer._backend
        self.check = compiled_check(layer.input_spec)
        self.shape = self.backend.shape_tuple
        self.dtype = self.backend.implementation.native_dtype(layer.input_dtype) if layer.autocast else None
        self.exact = getattr(layer, "_single_input", False)  # integers become the dtype of a model's Input too
        self.autocast = layer._autocast_dtype()
        self.takes_training = call_plan(type(layer)).takes_training
        self.composite = bool(layer._sublayers())


class Calling(Tracking):
    """The part of Layer that runs it."""

    _fast: FastCall | None = None
    _training_default: bool | None = None  # what a native layer class' train() or eval() said
    _hooked = False  # set by a native layer class whose own call machinery must run (forward hooks)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        fast = self._fast
        if fast is None or len(args) != 1 or state.remat or state.autocast != fast.autocast:
            return self._call_general(args, kwargs)
        backend = fast.backend
        x = args[0]
        if (state.override or process.backend) is not backend:
            return self._call_general(args, kwargs)
        if x.__class__ in backend.native:
            if (
                (x.dtype is not fast.dtype and fast.dtype is not None and (fast.exact or x.dtype in backend.floats))
                or (fast.check is not None and not fast.check(x.shape if fast.shape is None else fast.shape(x)))
                or (in_use.any and get_mask(x) is not None)
            ):
                return self._call_general(args, kwargs)
        elif x.__class__ is not list or fast.check is not None:
            return self._call_general(args, kwargs)
        else:  # a plain list of tensors, as merging layers take
            for item in x:
                if (
                    item.__class__ not in backend.native
                    or (item.dtype is not fast.dtype and fast.dtype is not None and item.dtype in backend.floats)
                    or (in_use.any and get_mask(item) is not None)
                ):
                    return self._call_general(args, kwargs)
        if fast.composite:
            return self._call_composite(args, kwargs, fast.takes_training)
        if self._losses and state.entry is None:
            self._losses.clear()
        if fast.takes_training:
            training = self._training_default if state.training is None else state.training
            if training is not None and kwargs.get("training") is None:
                kwargs["training"] = training
        try:
            return self.call(x, **kwargs)
        except Exception as error:
            self._locate(error, args, kwargs)
            raise

    def _call_composite(self, args: tuple[Any, ...], kwargs: dict[str, Any], takes_training: bool) -> Any:
        """Call a layer that has sublayers: they find `training` and the outermost layer in the thread's state."""
        entry, training, path = state.entry, state.training, state.path
        given = kwargs.get("training")
        if given is not None:
            state.training = given
        elif takes_training:
            inherited = self._training_default if training is None else training
            if inherited is not None:
                kwargs["training"] = inherited
        if not takes_training:
            kwargs.pop("training", None)
        if entry is None:
            state.entry = self
            if self._tree_has_losses:
                self._clear_losses()
        state.path = self._inner_path(path)
        try:
            return self.call(*args, **kwargs)
        except Exception as error:
            self._locate(error, args, kwargs)
            raise
        finally:
            state.entry, state.training, state.path = entry, training, path

    def _inner_path(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """The path inside this layer; `build` may have entered its scope already."""
        return path if path and path[-1] == self.name else (*path, self.name)

    # The general way ---------------------------------------------------------------------------------------------

    def _call_general(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if (state.override or process.backend or current_backend()) is not self._backend:
            with use_backend(self._backend):
                return self._call_general(args, kwargs)
        plan = call_plan(type(self))
        if self._convert_input_args:
            args, kwargs = self._converted(args, kwargs)
        symbolic = has_symbolic(args, kwargs)
        if self.input_spec is not None:
            check_inputs(self.input_spec, _first(plan, args, kwargs), self._where)
        if not self.built:
            self._build_from_call(plan, args, kwargs)
        if "_fast" not in self.__dict__:  # `built` was set by hand
            self._plan_calls()
        previous = self._fill_masks(plan, args, kwargs)
        with AutocastScope(self._autocast_dtype()):
            if symbolic:
                outputs = self._call_symbolic(plan, args, kwargs)
            else:
                outputs = self._call_concrete(args, kwargs)
        return self._finish(outputs, previous, plan, args, kwargs)

    def _call_concrete(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._call_hooked(args, kwargs) if self._hooked else self._call_unhooked(args, kwargs)

    def _call_unhooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        plan = call_plan(type(self))
        takes_training = plan.takes_training or (plan.open and "training" in kwargs)
        return self._call_composite(args, kwargs, takes_training)

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run through a native layer class' own call; the class that sets `_hooked` overrides this."""
        raise NotImplementedError

    def _call_symbolic(self, plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        entry, training, path = state.entry, state.training, state.path
        state.entry, state.path = entry or self, self._inner_path(path)
        if kwargs.get("training") is not None:
            state.training = kwargs["training"]
        if not plan.takes_training:
            kwargs.pop("training", None)
        try:
            outputs = (
                self.compute_output_spec(*args, **kwargs) if state.symbolic else self.symbolic_call(*args, **kwargs)
            )
        except Exception as error:
            self._locate(error, args, kwargs)
            raise
        finally:
            state.entry, state.training, state.path = entry, training, path
        return outputs

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Work out the outputs' shapes and dtypes, and record the call as a node of the graph."""
        outputs = _mapped(_as_new, self.compute_output_spec(*args, **kwargs))
        args = tuple([_mapped(_of_graph, x) for x in args])
        Node(self, args, tree.map_structure(_of_graph, kwargs) if kwargs else kwargs, outputs)
        return outputs

    def _converted(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        policy = self.dtype_policy
        autocast, dtype = self.autocast, policy.compute_dtype
        if len(args) == 1 and not kwargs and type(args[0]) is KerasTensor and args[0].dtype == dtype:
            return args, kwargs

        def convert(x: Any) -> Any:
            return policy.convert_input(x, autocast, dtype)

        mask_names = {"training", "mask"}
        try:
            if len(args) == 1 and not kwargs and not tree.is_nested(args[0]):
                return (convert(args[0]),), kwargs
            return (
                tree.map_structure(convert, args),
                {k: v if k in mask_names else tree.map_structure(convert, v) for k, v in kwargs.items()},
            )
        except DTypeError as error:
            self._locate(error, args, kwargs)
            raise

    def _fill_masks(self, plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Put the masks that the inputs carry into the call's mask parameters; return the first input's."""
        if not in_use.any:
            return None
        named = plan.name_arguments(args, kwargs)
        for name, parameter in plan.mask_of.items():
            if named.get(parameter) is None and named.get(name) is not None:
                mask = masks_of(named[name])
                if mask is not None:
                    kwargs[parameter] = mask
        first = named.get(plan.first) if plan.first is not None else None
        return masks_of(first) if first is not None else None

    def _finish(
        self, outputs: Any, previous: Any, plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if in_use.any or self._makes_masks:
            self._set_masks(outputs, previous, _first(plan, args, kwargs))
        if self.activity_regularizer is not None and not state.symbolic:
            for output in tree.flatten(outputs):
                if not isinstance(output, KerasTensor) and hasattr(output, "shape"):
                    self.add_loss(self._activity_loss(output))
        return outputs

    def _set_masks(self, outputs: Any, previous: Any, inputs: Any) -> None:
        flat = [x for x in tree.flatten(outputs) if x is not None]
        if previous is None and not self._makes_masks:
            return
        if not self.supports_masking and not self._makes_masks:
            return
        if flat and all(get_mask(x) is not None for x in flat):
            return
        computed = self.compute_mask(inputs, previous)
        if computed is None:
            return
        masks = [computed] if not isinstance(computed, (list, tuple)) else list(computed)
        for output, mask in zip(flat, masks, strict=False):
            set_mask(output, mask)

    def _activity_loss(self, output: Any) -> Any:
        """The penalty for one example: the regularizer adds up over the batch."""
        loss = self.activity_regularizer(output)
        if not len(output.shape):
            return loss
        batch = output.shape[0]
        return true_divide(loss, maximum(shape(output)[0], 1) if batch is None else max(batch, 1))

    # Building ----------------------------------------------------------------------------------------------------

    def _build_from_call(self, plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        shapes = self._call_shapes(plan, args, kwargs)
        if not self._has_own_build():
            self._build_by_tracing(shapes, args, kwargs)
            return
        names = build_parameters(type(self))
        if names == ("*",):
            self.build(**shapes)
        elif len(names) == 1 or len(shapes) == 1:  # further shapes have defaults
            self.build(next(iter(shapes.values()), None))
        else:
            self.build(**{name: shapes.get(name) for name in names if name in shapes})

    def _call_shapes(self, plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """{"<parameter>_shape": shape} for each tensor argument of the call."""
        if len(args) == 1 and not kwargs and isinstance(args[0], KerasTensor) and plan.first is not None:
            return {"input_shape": args[0].shape}
        shapes = {}
        for name, value in plan.name_arguments(args, kwargs).items():
            if name in ("training", "mask") or name.endswith("_mask"):
                continue
            if any(hasattr(x, "shape") for x in tree.flatten(value)):
                shapes[f"{name}_shape"] = tree.map_structure(lambda x: shape_of(self._backend, x), value)
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return shapes

    def _build_by_tracing(self, shapes: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """For a layer without `build`: its sublayers build themselves when `call` reaches them."""
        self._mark_built(next(iter(shapes.values()), None) if len(shapes) == 1 else shapes)

    # Errors ------------------------------------------------------------------------------------------------------

    def _where(self) -> str:
        path = "/".join((*state.path, self.name)) if state.path[-1:] != (self.name,) else "/".join(state.path)
        return f"{public_class(self).__name__} {path!r}"

    def _locate(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Say in which layer an error arose; the innermost speaks, the others keep quiet.

        Raises:
            DTypeError: in the error's place where the layer was given text or objects, of which each framework says
                something else.
        """
        if getattr(error, "_kmb_located", False) or not hasattr(error, "add_note"):
            return
        no_numbers = without_numbers(args, self._backend) if self._convert_input_args and not self._takes_text else None
        if no_numbers is not None:
            refused = DTypeError(message(f"{self._where()}: expected numbers, got {no_numbers}", *_NO_NUMBERS))
            refused._kmb_located = True  # type: ignore[attr-defined]  # a mark of ours
            raise refused from error
        try:
            error._kmb_located = True  # type: ignore[attr-defined]  # a mark of ours on any exception
        except AttributeError:
            return
        given = ", ".join(_described(a) for a in args) + "".join(f", {k}={_described(v)}" for k, v in kwargs.items())
        error.add_note(message(f"in the call of {self._where()} with ({given})"))

    # What `Layer` supplies ---------------------------------------------------------------------------------------

    name: str
    built: bool
    autocast: bool
    input_spec: Any
    dtype_policy: Any
    supports_masking: bool
    activity_regularizer: Any
    _convert_input_args: bool
    _takes_text = False  # models of which an Input is text
    _makes_masks = False  # classes whose compute_mask makes masks from nothing (Masking, Embedding)


def _mapped(function: Callable[[Any], Any], x: Any) -> Any:
    """`tree.map_structure`, at once for the usual single tensor."""
    return function(x) if isinstance(x, KerasTensor) else tree.map_structure(function, x)


def _as_new(x: Any) -> Any:
    """A tensor without a history: an output that is an input becomes a tensor of its own."""
    if not isinstance(x, KerasTensor):
        return x
    fresh = KerasTensor.like(x.shape, x.dtype)
    fresh._sparse, fresh._ragged = x.sparse, x.ragged
    return fresh


def _of_graph(x: Any) -> Any:
    """The tensor that a node made, where x is the layer's cast of it: the cast is part of the layer's call."""
    return x._uncast if isinstance(x, KerasTensor) and x._uncast is not None else x


def masks_of(inputs: Any) -> Any:
    """The masks of nested inputs, in their structure; None when none has one."""
    if not tree.is_nested(inputs):
        return get_mask(inputs)
    masks = tree.map_structure(get_mask, inputs)
    return masks if any(m is not None for m in tree.flatten(masks)) else None


def shape_of(backend: Any, x: Any) -> Any:
    """A tensor's static shape; None for what has none."""
    if isinstance(x, KerasTensor):
        return x.shape
    if backend.is_tensor(x):
        return tuple(backend.static_shape(x))
    shape = getattr(x, "shape", None)
    return None if shape is None else tuple(shape)


_NO_NUMBERS = (
    "It is data as it was read, not yet prepared for a model.",
    "Turn text into integers first, and objects into arrays of numbers.",
)
_KINDS = {"U": "text", "S": "text", "O": "Python objects"}


def without_numbers(inputs: Any, backend: Any) -> str | None:
    """What an input holds in place of numbers, None where each holds numbers."""
    for x in tree.flatten(inputs):
        if isinstance(x, np.ndarray):
            kind = x.dtype.kind
        else:
            kind = "S" if backend.is_tensor(x) and backend.dtype_name(x) == "string" else ""
        if kind in _KINDS:
            return f"{_KINDS[kind]} of shape {shape_of(backend, x)}"
    return None


def _first(plan: CallPlan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return args[0] if args else kwargs.get(plan.first) if plan.first is not None else None


def _described(x: Any) -> str:
    shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
    if shape is not None:
        return f"{dtype}{list(shape)}"
    if isinstance(x, (list, tuple, dict)):
        return f"{type(x).__name__} of {len(x)}"
    text = repr(x)
    return text if len(text) < 40 else f"{text[:37]}..."
