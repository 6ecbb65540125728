"""Where in a file of weights the variables of each object lie.

The paths are Keras': attribute names, and in lists, tuples and dicts the snake case of the class with a counter. Models
that know their graph begin with `layers`; then, as in all objects, attributes follow by name, private ones last. Each
object has the place where it is first met.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kmb_core.backend import to_snake_case

# Attributes of layers and models that hold other things than their parts, or hold them a second time.
_NOT_PARTS = frozenset(
    {
        "_backend",
        "_compile_arguments",
        "_compile_loss",
        "_compile_metrics",
        "_constructor",
        "_fast",
        "_graph",
        "_inbound_nodes",
        "_layers",
        "_losses",
        "_native_attributes",
        "_non_trainable_variables",
        "_stack",
        "_trainable_variables",
        "_trainer",
        "trainer",
    }
)


def places(root: Any) -> list[tuple[str, Any]]:
    """All parts of an object that can save variables, each with its path; the object itself has the path "".

    Args:
        root: a layer, model or optimizer.
    """
    found: dict[int, tuple[str, Any]] = {}
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        path, part = pending.pop()
        if id(part) in found:
            continue
        found[id(part)] = (path, part)
        pending += reversed(list(_parts_of(part, f"{path}/" if path else "")))
    return list(found.values())


def vars_path(path: str) -> str:
    """The group of an object's variables."""
    return f"{path}/vars" if path else "vars"


def _parts_of(part: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in _attributes(part):
        if _can_save(value):
            yield f"{prefix}{name}", value
        elif isinstance(value, (list, tuple, dict)):
            yield from _parts_in(value, f"{prefix}{name}/")


def _attributes(part: Any) -> Iterator[tuple[str, Any]]:
    attributes = vars(part)
    left_out = _NOT_PARTS | attributes.get("_native_attributes", frozenset())
    named = {name: value for name, value in attributes.items() if name not in left_out}
    if isinstance(getattr(type(part), "layers", None), property):
        named["layers"] = part.layers
    if attributes.get("_graph") is not None or "_stack" in attributes:
        yield "layers", named.pop("layers")
    yield from sorted(named.items(), key=lambda item: (item[0].startswith("_"), item[0]))


def _parts_in(container: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    items: Iterable[Any] = container.values() if isinstance(container, Mapping) else container
    used: Counter[str] = Counter()
    for item in items:
        nested = isinstance(item, (list, tuple, dict))
        if not nested and not _can_save(item):
            continue
        step = "container" if nested else to_snake_case(_public_name(item))
        name = f"{step}_{used[step]}" if used[step] else step
        used[step] += 1
        if nested:
            yield from _parts_in(item, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", item


def _can_save(value: Any) -> bool:
    """Layers and optimizers can; metrics could, but their state is not kept."""
    cls = type(value)  # of a class it is `type`, which cannot
    return hasattr(cls, "save_own_variables") and getattr(cls, "_kind", None) != "metric"


def _public_name(value: Any) -> str:
    cls = type(value)
    return cls.__dict__.get("__kmb_public__", cls).__name__
