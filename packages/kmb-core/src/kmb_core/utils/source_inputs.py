"""The Inputs that a symbolic tensor was computed from."""

from typing import Any

from kmb_core.backend import KerasTensor, producer


def get_source_inputs(tensor: Any) -> Any:
    """The tensors at the beginning of the graph that leads to a symbolic tensor.

    Args:
        tensor: what `Input`, a layer or an op gave for symbolic tensors.

    Returns:
        The symbolic tensors that no layer or op made, in the order in which they are used; `tensor` itself when it has
        no history (a value, or a KerasTensor made by hand).

    Example:
        >>> import kmb_core
        >>> a, b = kmb_core.Input((2,), name="a"), kmb_core.Input((2,), name="b")
        >>> sources = kmb_core.utils.get_source_inputs(kmb_core.layers.Dense(2)(a) + b)
        >>> sources[0] is a, sources[1] is b
        (True, True)
    """
    if not isinstance(tensor, KerasTensor) or producer(tensor) is None:
        return tensor
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    pending = [tensor]
    while pending:  # without recursion: graphs may be thousands of layers deep
        current = pending.pop()
        node = producer(current)
        if node is None or not node.inputs:
            found.setdefault(id(current), current)
        elif id(node) not in seen:
            seen.add(id(node))
            pending.extend(reversed(node.inputs))
    return list(found.values())
