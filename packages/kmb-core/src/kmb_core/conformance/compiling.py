"""Compiled = eager. All ops of a family are one function, because a compiler takes its time for each it is given.

Where a family does not compile as a whole, each op is compiled alone, so that only the one that is to blame fails. A
sample of an op's rows is compiled: a compiler that generates C++ takes seconds for each loop.

An op whose compiled form is a declared deviation is compiled alone: in one function with others it may deviate or not,
depending on what the compiler fuses it with.
"""

import itertools
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from types import FunctionType
from typing import Any

import numpy as np

from kmb_core.backend import current_backend
from kmb_core.conformance.checks import Called, assert_close, sampled
from kmb_core.conformance.rows import ROWS
from kmb_core.ops.declaration import OPS
from kmb_core.plugins.discovery import backend_info

Outputs = list[list[np.ndarray]]  # of each call, its outputs

_number = itertools.count()
_families: dict[tuple[str, str], dict[str, Outputs] | None] = {}


def compiled_calls(op: str, fraction: float) -> list[Called]:
    """The calls of an op that are compiled: one dtype each, float32 where the row takes it."""
    calls = []
    for seed, row in enumerate(ROWS.get(op, ())):
        if row.compiled and row.oracle is not None:
            dtype = "float32" if "float32" in row.dtypes else row.dtypes[0]
            calls.append(Called(op, row, dtype, row.sample(dtype, seed)))
    return sampled(calls, fraction)


def check_compiled(op: str, fraction: float) -> None:
    """What an op gives inside a compiled function is what it gives outside."""
    calls = compiled_calls(op, fraction)
    outputs = None if _deviates(op) else _family_outputs(OPS[op].family, fraction)
    found = outputs[op] if outputs is not None else run_compiled(calls)
    backend = current_backend()
    complaints = []
    for call, compiled in zip(calls, found, strict=True):
        eager = [backend.to_numpy(x) for x in call.run(call.tensors())]
        complaints += _differences(call, eager, compiled)
    if complaints:
        raise AssertionError("\n".join(complaints))


def _differences(call: Called, eager: list[np.ndarray], compiled: list[np.ndarray]) -> list[str]:
    for one, other in zip(eager, compiled, strict=True):
        if one.dtype != other.dtype:
            return [f"{call.described()}: {one.dtype} eagerly, {other.dtype} compiled"]
        try:
            assert_close(other, one, 4 * call.row.tolerance)
        except AssertionError as error:
            return [f"{call.described()}: compiled (expected: eager): {error}"]
    return []


def _deviates(op: str) -> bool:
    """Whether the backend declares that the op, compiled, is not what it is eagerly."""
    declared = backend_info(current_backend().name).deviations
    return any(fnmatchcase(f"ops::{op}::compiled", pattern) for pattern in declared)


def _family_outputs(family: str, fraction: float) -> dict[str, Outputs] | None:
    key = (current_backend().name, family)
    if key not in _families:
        together = [name for name, op in OPS.items() if op.family == family and not _deviates(name)]
        calls = {name: compiled_calls(name, fraction) for name in together}
        flat = [call for group in calls.values() for call in group]
        try:
            found = iter(run_compiled(flat))
            _families[key] = {name: [next(found) for _ in group] for name, group in calls.items()}
        except Exception:  # whichever op it is, it fails again when it is compiled alone, and says so
            _families[key] = None
    return _families[key]


def run_compiled(calls: Sequence[Called]) -> Outputs:
    """The outputs of all calls, from one compiled function."""
    backend = current_backend()
    tensors = [call.tensors() for call in calls]

    def function(*flat: Any) -> Any:
        given = iter(flat)
        return [call.run([next(given) for _ in call.arrays]) for call in calls]

    if not calls:
        return []
    outputs = backend.implementation.compiled(_fresh(function))(*(x for group in tensors for x in group))
    return [[backend.to_numpy(x) for x in group] for group in outputs]


def _fresh(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with code and a name of its own.

    Some compilers count how often one code was compiled, and give up; torch remembers the sizes that a name was
    compiled for, and takes all for unknown when they differ.
    """
    code = function.__code__.replace(co_name=f"calls_{next(_number)}")
    return FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
