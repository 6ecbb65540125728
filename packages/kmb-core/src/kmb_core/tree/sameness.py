"""Whether two structures have the same form."""

from collections.abc import Sequence
from typing import Any

from kmb_core.errors import StructureError, message
from kmb_core.tree.nodes import NodeKind, kind_of, sorted_keys


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Check that two structures have the same form; leaves are not compared.

    All mappings with the same keys are alike; a list, a tuple and a named tuple are not.

    Args:
        a: a structure.
        b: another structure.
        check_types: ignored; Keras keeps it for old code, where `assert_same_paths` is the looser check.

    Raises:
        StructureError: where they differ, with the place.

    Example:
        >>> assert_same_structure({"a": [1]}, {"a": [2]})
    """
    _compare(a, b, ())


def _compare(a: Any, b: Any, path: tuple[Any, ...]) -> None:
    kind = kind_of(a)
    if kind is None:
        if kind_of(b) is not None:
            raise _different(a, b, path)
        return
    keys = kind.keys(a)
    for key, left, right in zip(keys, kind.children(a), aligned(a, b, path), strict=True):
        _compare(left, right, (*path, key))


def aligned(model: Any, other: Any, path: tuple[Any, ...] = ()) -> Sequence[Any]:
    """Return the children of `other` in the order of those of the container `model`.

    Raises:
        StructureError: where `other` is another kind of container, or has other keys.
    """
    kind, other_kind = kind_of(model), kind_of(other)
    if kind is None or other_kind is None or not _alike(model, kind, other, other_kind):
        raise _different(model, other, path)
    if kind.family == "mapping":
        return [other[key] for key in kind.keys(model)]
    return other_kind.children(other)


def _alike(a: Any, kind: NodeKind, b: Any, other_kind: NodeKind) -> bool:
    if kind.family != other_kind.family or len(a) != len(b):
        return False
    if kind.family == "mapping":
        return a.keys() == b.keys()
    return kind.family not in ("named tuple", "struct sequence") or type(a) is type(b)


def _different(a: Any, b: Any, path: tuple[Any, ...]) -> StructureError:
    place = f" at {list(path)}" if path else ""
    return StructureError(message(f"Structures differ{place}: expected {_described(a)}, got {_described(b)}."))


def _described(structure: Any) -> str:
    kind = kind_of(structure)
    if kind is None:
        return f"a leaf of type {type(structure).__name__}"
    if kind.family == "mapping":
        return f"a mapping with keys {sorted_keys(structure)!r:.60}"
    return f"a {type(structure).__name__} of {len(structure)}"


def assert_same_paths(a: Any, b: Any) -> None:
    """Check that two structures have leaves under the same paths; lists and tuples are alike.

    Raises:
        StructureError: with the paths that only one of them has.

    Example:
        >>> assert_same_paths([1, (2, 3)], (1, [2, 3]))
    """
    left, right = set(_leaf_paths(a, ())), set(_leaf_paths(b, ()))
    if left == right:
        return
    only_left, only_right = sorted(left - right, key=repr), sorted(right - left, key=repr)
    what = "Structures have leaves under different paths."
    raise StructureError(message(what, f"Only in the first: {only_left}.", f"Only in the second: {only_right}."))


def _leaf_paths(structure: Any, path: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    kind = kind_of(structure)
    if kind is None:
        return [path]
    pairs = zip(kind.keys(structure), kind.children(structure), strict=True)
    return [found for key, child in pairs for found in _leaf_paths(child, (*path, key))]
