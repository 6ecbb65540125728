"""What functions give, held against what they have to give: structure, shapes and dtypes.

Loops and branches call functions of the user's. Frameworks refuse a carry that changes its form, each in words of its
own and some not at all; these checks come first and are the same everywhere. They see native tensors, tracers and
symbolic tensors alike.
"""

from collections.abc import Sequence
from typing import Any

from kmb_core import tree
from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import state
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import is_complex, is_float, standardize_dtype
from kmb_core.errors import DTypeError, ShapeError, StructureError, message
from kmb_core.shapes import Shape

Leaves = list[Any]


def leaves_of(structure: Any) -> Leaves:
    """The tensors of a structure, in order; None is the absence of one."""
    if not tree.is_nested(structure):
        return [] if structure is None else [structure]
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def packed_like(structure: Any, leaves: Sequence[Any]) -> Any:
    """The structure with other tensors in the places of its own."""
    if not tree.is_nested(structure):
        return None if structure is None else leaves[0]
    remaining = iter(leaves)
    return tree.map_structure(lambda leaf: None if leaf is None else next(remaining), structure)


def shape_and_dtype(tensor: Any) -> tuple[Shape, str]:
    """Of a native or symbolic tensor; unknown sizes are None."""
    if isinstance(tensor, KerasTensor):
        return tensor.shape, tensor.dtype
    here = current_backend()
    return tuple(here.static_shape(tensor)), here.dtype_name(tensor)


def outcome(where: str, structure: Any) -> Any:
    """What a function gave, with a tensor in each place; None stays.

    Raises:
        ValueError: for symbolic tensors among values.
    """
    if structure.__class__ in current_backend().native:
        return structure
    _refuse_symbolic(where, structure)
    return tree.map_structure(_tensor, structure)


def _refuse_symbolic(where: str, structure: Any) -> None:
    if not state.symbolic and any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(structure)):
        what = f"{where}: the function gave a symbolic tensor where its arguments have values"
        raise ValueError(message(what, None, "Pass symbolic tensors that it reads among the arguments of the call."))


def _tensor(leaf: Any, dtype: str | None = None) -> Any:
    """A leaf as a tensor; a Python number takes `dtype` where that can hold it, else int32, bool or floatx."""
    here = current_backend()
    if leaf is None or isinstance(leaf, KerasTensor) or here.is_tensor(leaf):
        return leaf
    if isinstance(leaf, Variable):
        return leaf.value
    if hasattr(leaf, "dtype"):
        return here.convert(leaf, standardize_dtype(leaf.dtype))
    return here.convert(leaf, _number_dtype(leaf, dtype))


def _number_dtype(number: Any, wanted: str | None) -> str | None:
    if isinstance(number, bool):
        return "bool"
    if isinstance(number, int):
        return wanted if wanted is not None and wanted != "bool" else "int32"
    if isinstance(number, float):
        return wanted if wanted is not None and (is_float(wanted) or is_complex(wanted)) else standardize_dtype(None)
    return wanted if isinstance(number, complex) else None


def matched(where: str, what: str, expected: Any, given: Any) -> Leaves:
    """The tensors of `given`, which has to have the form of `expected`.

    Args:
        where: the op, "ops.scan".
        what: what is compared, for the message: "the carry".
        expected: nested tensors.
        given: what a function returned.

    Returns:
        The tensors, flat.

    Raises:
        StructureError: where the nesting differs. ShapeError, DTypeError: where a tensor does.
    """
    quick = _evidently(expected, given)
    if quick is not None:
        return quick
    _refuse_symbolic(where, given)
    return _matched(where, what, expected, given)


def _evidently(expected: Any, given: Any) -> Leaves | None:
    """The tensors of what evidently fits: native ones, alone or in a tuple. Eager loops ask for it in each round."""
    native = current_backend().native
    if given.__class__ is tuple and expected.__class__ is tuple and len(given) == len(expected):
        pairs = zip(expected, given, strict=True)
        return list(given) if all(_identical_form(native, x, y) for x, y in pairs) else None
    return [given] if _identical_form(native, expected, given) else None


def _identical_form(native: set[type], x: Any, y: Any) -> bool:
    same_kind = x.__class__ in native and y.__class__ in native
    return same_kind and x.dtype == y.dtype and x.shape == y.shape


def _matched(where: str, what: str, expected: Any, given: Any) -> Leaves:
    _same_nesting(where, what, expected, given)
    pairs = zip(tree.flatten(expected), tree.flatten(given), strict=True)
    return [_fitting(where, what, model, leaf) for model, leaf in pairs if model is not None]


def _same_nesting(where: str, what: str, expected: Any, given: Any) -> None:
    try:
        tree.assert_same_structure(expected, given)
    except StructureError as error:
        raise StructureError(message(f"{where}: {what} changes its structure", str(error))) from None
    nothing = [leaf is None for leaf in tree.flatten(expected)]
    if nothing != [leaf is None for leaf in tree.flatten(given)]:
        raise StructureError(f"{where}: {what} changes its structure: None in one place, a tensor in the other")


def _fitting(where: str, what: str, model: Any, leaf: Any) -> Any:
    if leaf is model:
        return leaf
    shape, dtype = shape_and_dtype(model)
    tensor = _tensor(leaf, dtype)
    got_shape, got_dtype = shape_and_dtype(tensor)
    if not agree(shape, got_shape):
        remedy = "It has to keep its shape; a growing result belongs to the outputs of a scan."
        raise ShapeError(message(f"{where}: {what} changes its shape from {shape} to {got_shape}", None, remedy))
    if dtype != got_dtype:
        remedy = f"Give {dtype}, by ops.cast for instance."
        raise DTypeError(message(f"{where}: {what} changes its dtype from {dtype} to {got_dtype}", None, remedy))
    return tensor


def agree(first: Sequence[int | None], second: Sequence[int | None]) -> bool:
    """Whether two shapes can be the same, as far as their sizes are known."""
    return len(first) == len(second) and all(
        a == b or a is None or b is None for a, b in zip(first, second, strict=True)
    )


class Alike:
    """The form of the first of several results, which the others have to have: those of branches.

    Args:
        where: the op, for messages.
        symbolic: whether results may be symbolic tensors of a graph.
    """

    def __init__(self, where: str, symbolic: bool = False) -> None:
        self.where = where
        self.symbolic = symbolic
        self.form: Any = None  # symbolic tensors of the shapes and dtypes
        self._known = False

    def leaves(self, given: Any) -> Leaves:
        """The tensors of a result.

        Raises:
            StructureError, ShapeError, DTypeError: when it differs from the first.
        """
        if not self.symbolic:
            _refuse_symbolic(self.where, given)
        if self._known:
            return _matched(self.where, "the result of the branches", self.form, given)
        tensors = tree.map_structure(_tensor, given)
        self.form, self._known = like(tensors), True
        return leaves_of(tensors)


def like(structure: Any) -> Any:
    """New symbolic tensors of the shapes and dtypes in a structure."""
    return packed_like(structure, [KerasTensor.like(*shape_and_dtype(leaf)) for leaf in leaves_of(structure)])


def is_number(leaf: Any) -> bool:
    """Whether a leaf is a Python number."""
    return isinstance(leaf, (bool, int, float, complex))


def common_size(where: str, structure: Any, axis: int, length: int | None = None) -> int | None:
    """The size that all tensors share along an axis; None where it is not known.

    Raises:
        ValueError: when there is neither a tensor nor a length. ShapeError: for tensors without that axis, or of
            different sizes there.
    """
    shapes = [shape_and_dtype(leaf)[0] for leaf in leaves_of(structure)]
    if not shapes and length is None:
        raise ValueError(f"{where}: there is nothing to go over: no tensor, and no length")
    for shape in shapes:
        if not -len(shape) <= axis < len(shape):
            raise ShapeError(f"{where}: goes over axis {axis}, which a tensor of shape {shape} does not have")
    sizes = {shape[axis] for shape in shapes} | {length}
    sizes.discard(None)
    if len(sizes) > 1:
        what = f"{where}: expected tensors of one size along axis {axis}, got shapes {shapes}"
        raise ShapeError(what if length is None else f"{what} and length {length}")
    return sizes.pop() if sizes else None
