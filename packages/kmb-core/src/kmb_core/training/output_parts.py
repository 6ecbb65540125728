"""What `compile` is given for losses, metrics and weights, spread over a model's outputs.

Outputs are nested; they are looked at in flat order, each under one name. A specification may follow their nesting,
name some of them, list one part for each, or be one part for all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kmb_core import tree
from kmb_core.errors import StructureError, message


def output_names(y_pred: Any, names: Sequence[str] | None) -> list[str]:
    """A name for each output: the model's own, or what leads to it in the nesting."""
    paths = [path for path, _ in tree.flatten_with_path(y_pred)] if tree.is_nested(y_pred) else [()]
    if _is_flat_dict(y_pred):
        return [str(path[-1]) for path in paths]
    if names is not None and len(names) == len(paths):
        return list(names)
    return [
        "_".join(map(str, path)) if any(isinstance(p, str) for p in path) else f"output_{i}"
        for i, path in enumerate(paths)
    ]


def spread(spec: Any, y_pred: Any, names: list[str], argument: str, is_part: Callable[[Any], bool]) -> list[Any]:
    """The part of a specification for each output, None for none.

    Args:
        spec: what the user gave.
        y_pred: the outputs, nested.
        names: their names in flat order.
        argument: of `compile`, for messages.
        is_part: whether something is one output's part, and not nested further.

    Raises:
        StructureError: when it names an output that there is not, or has another number of parts.
    """
    if spec is None or is_part(spec):
        return [spec] * len(names)
    if isinstance(spec, Mapping):
        return _by_name(spec, y_pred, names, argument, is_part)
    parts = list(spec)
    if len(names) == 1:
        return _only(parts, argument, names[0])
    if isinstance(y_pred, (list, tuple)) and len(y_pred) == len(parts) != len(names):
        return _by_branch(parts, y_pred, names, argument, is_part)
    if len(parts) != len(names):
        what = f"compile: {argument} has {len(parts)} entries for {len(names)} outputs"
        raise StructureError(message(what, None, f"Give one for each output, or a dict of {', '.join(names)}."))
    return parts


def _only(parts: list[Any], argument: str, name: str) -> list[Any]:
    if len(parts) != 1:
        what = f"compile: {argument} has {len(parts)} entries, but there is one output, {name!r}"
        raise StructureError(message(what, None, "Combine several losses of one output in a function."))
    return parts


def _by_name(
    spec: Mapping[Any, Any], y_pred: Any, names: list[str], argument: str, is_part: Callable[[Any], bool]
) -> list[Any]:
    if isinstance(y_pred, Mapping) and not _is_flat_dict(y_pred) and set(spec) <= set(y_pred):
        keys = sorted(y_pred)
        return _by_branch([spec.get(key) for key in keys], [y_pred[key] for key in keys], names, argument, is_part)
    unknown = sorted(str(key) for key in spec if key not in names)
    if unknown:
        what = f"compile: {argument} names outputs that the model has not: {', '.join(unknown)}"
        raise StructureError(message(what, None, f"The outputs are {', '.join(names)}."))
    return [spec.get(name) for name in names]


def _by_branch(
    parts: Sequence[Any], branches: Sequence[Any], names: list[str], argument: str, is_part: Callable[[Any], bool]
) -> list[Any]:
    found: list[Any] = []
    for part, branch in zip(parts, branches, strict=True):
        count = len(tree.flatten(branch)) if tree.is_nested(branch) else 1
        own = names[len(found) : len(found) + count]
        found += spread(part, branch, own, argument, is_part)
    return found


def _is_flat_dict(y_pred: Any) -> bool:
    return isinstance(y_pred, Mapping) and not any(tree.is_nested(value) for value in y_pred.values())


def flat_like(data: Any, y_pred: Any, names: list[str], what: str) -> list[Any]:
    """Targets or sample weights for each output: nested alike, or a dict by the outputs' names, or one for all outputs.

    Args:
        data: nested arrays; None for none.
        y_pred: the outputs.
        names: their names in flat order.
        what: "targets" or "sample weights", for messages.

    Raises:
        StructureError: when they are fewer or more.
    """
    if data is None:
        return [None] * len(names)
    if not tree.is_nested(data):
        if what == "sample weights":
            return [data] * len(names)
        found = [data]
    elif isinstance(data, Mapping) and set(names) & set(data) and set(data) <= set(names):
        return [data.get(name) for name in names]
    elif isinstance(data, Mapping) and isinstance(y_pred, Mapping) and set(y_pred) <= set(data):
        found = tree.flatten({key: data[key] for key in y_pred})
    else:
        found = tree.flatten(data)
    if len(found) != len(names):
        text = f"{len(found)} {what} for {len(names)} outputs ({', '.join(names)})"
        raise StructureError(message(text, "They are nested in another way than the outputs.", None))
    return found
