"""Python's operators on variables and symbolic tensors.

Both classes stand below the ops, so the ops put their functions into `OPERATIONS` when they are imported, and the
methods made here look them up by name.
"""

from collections.abc import Callable
from typing import Any

OPERATIONS: dict[str, Callable[..., Any]] = {}

BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
COMPARISON = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "ne": "not_equal"}
UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not"}


def _binary(operation: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return OPERATIONS[operation](self, other)

    return method


def _reflected(operation: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return OPERATIONS[operation](other, self)

    return method


def _unary(operation: str) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return OPERATIONS[operation](self)

    return method


def _round(self: Any, ndigits: int | None = None) -> Any:
    return OPERATIONS["round"](self, decimals=ndigits or 0)


def with_operators(cls: type) -> type:
    """Class decorator: give `cls` the operators."""
    methods: dict[str, Callable[..., Any]] = {}
    for name, operation in BINARY.items():
        methods[f"__{name}__"] = _binary(operation)
        methods[f"__r{name}__"] = _reflected(operation)
    methods |= {f"__{name}__": _binary(operation) for name, operation in COMPARISON.items()}
    methods |= {f"__{name}__": _unary(operation) for name, operation in UNARY.items()}
    methods["__round__"] = _round
    for name, method in methods.items():
        method.__name__ = name
        method.__qualname__ = f"{cls.__name__}.{name}"
        method.__module__ = cls.__module__
        setattr(cls, name, method)
    return cls
