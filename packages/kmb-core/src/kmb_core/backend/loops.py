"""What branches and loops ask of their arguments and of the functions that they call; the same on every backend."""

from typing import Any

from kmb_core.backend.forms import Leaves, common_size, is_number, matched, outcome, shape_and_dtype
from kmb_core.dtypes import is_integer
from kmb_core.errors import DTypeError, ShapeError, StructureError


def check_index(index: Any, branches: Any) -> None:
    """Raise for an index that is no integer scalar, and for no branches."""
    if not branches:
        raise ValueError("ops.switch: there are no branches")
    scalar("ops.switch", "index", index)
    dtype = type(index).__name__ if isinstance(index, (bool, int, float)) else shape_and_dtype(index)[1]
    if dtype != "int" and not is_integer(dtype):
        raise DTypeError(f"ops.switch: index is an integer, got {dtype}")


def as_arguments(loop_vars: Any) -> tuple[bool, tuple[Any, ...]]:
    """Whether the variables of a loop are several arguments, and these."""
    several = type(loop_vars) in (tuple, list)
    return several, tuple(loop_vars) if several else (loop_vars,)


def holds(condition: Any) -> Any:
    """What the condition of a loop gave, which has to be a boolean scalar."""
    condition = outcome("ops.while_loop", condition)
    scalar("ops.while_loop", "the condition", condition)
    if shape_and_dtype(condition)[1] != "bool":
        raise DTypeError(f"ops.while_loop: the condition is a bool, got {shape_and_dtype(condition)[1]}")
    return condition


def next_values(values: tuple[Any, ...], given: Any, several: bool) -> list[Any]:
    """The tensors of what the body of a loop gave; for one variable it may come bare."""
    if several and type(given) is list:
        given = tuple(given)
    if not several or (len(values) == 1 and type(given) is not tuple):
        given = (given,)
    return matched("ops.while_loop", "a variable of the loop", values, given)


def check_bounds(lower: Any, upper: Any) -> str:
    """The dtype that the integers of a range have."""
    dtypes = []
    for name, bound in (("lower", lower), ("upper", upper)):
        scalar("ops.fori_loop", name, bound)
        dtype = type(bound).__name__ if isinstance(bound, (bool, int, float)) else shape_and_dtype(bound)[1]
        if dtype != "int" and not is_integer(dtype):
            raise DTypeError(f"ops.fori_loop: {name} is an integer, got {dtype}")
        dtypes.append(dtype)
    return next((dtype for dtype in dtypes if dtype != "int"), "int32")


def steps_of(xs: Any, length: int | None, unroll: Any) -> int | None:
    """How many steps a scan takes; None where that is not known."""
    if not isinstance(unroll, (bool, int)) or (unroll is not False and unroll < 1):
        raise ValueError(f"ops.scan: unroll is a bool or a positive number of steps, got {unroll!r}")
    if length is not None and (not isinstance(length, int) or length < 0):
        raise ValueError(f"ops.scan: length is a number of steps, got {length!r}")
    return common_size("ops.scan", xs, 0, length)


def scalar(where: str, what: str, value: Any) -> Any:
    """A number or a tensor without axes.

    Raises:
        ShapeError: for a tensor with axes.
    """
    if not is_number(value) and shape_and_dtype(value)[0] != ():
        raise ShapeError(f"{where}: {what} is a scalar, got a tensor of shape {shape_and_dtype(value)[0]}")
    return value


def carry_and_output(where: str, carry: Any, result: Any) -> tuple[Leaves, Any]:
    """What the function of a scan gave: the tensors of the next carry, and the output.

    Raises:
        StructureError: where it gave no pair, or a carry of another form.
    """
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        got = f"{len(result)} parts" if isinstance(result, (tuple, list)) else "something else"
        raise StructureError(f"{where}: the function gives the pair (carry, output), got {got}")
    return matched(where, "the carry", carry, result[0]), outcome(where, result[1])
