"""Reordering, splitting and joining axes by a pattern of names.

The notation is that of einops (A. Rogozhnikov, "Einops: Clear and Reliable Tensor Manipulations with Einstein-like
Notation", 2022). A pattern is read once and kept.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.ops.declaration import composite
from kmb_core.ops.manipulation import reshape, transpose
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.typing import Operand, Tensor, TensorLike

Groups = tuple[tuple[str, ...], ...]  # for each axis the names that it is made of; none for a 1

_TOKEN = re.compile(r"\s*(\.\.\.|[()]|1(?!\w)|[A-Za-z]\w*|\S)")
REST = "..."
ALONE = (REST, "")  # "..." outside of parentheses: as many axes as there are


@composite(saved_module="keras.src.ops.einops")
def rearrange(tensor: TensorLike, pattern: Operand, **axes_lengths: Operand) -> Tensor:
    """A tensor with its axes in another order, split and joined as a pattern says.

    Args:
        tensor: tensor of any shape and dtype.
        pattern: axes before and after, such as "batch (height width) channels -> batch channels height width". Names in
            parentheses share one axis; "1" or "()" is an axis of size 1; "..." stands for any axes in between.
        axes_lengths: sizes of names. In each pair of parentheses before the arrow all but one must be known.

    Returns:
        The rearranged tensor, in the same dtype.

    Raises:
        ShapeError: when the tensor does not fit the pattern. ValueError: for a pattern that cannot be read.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.rearrange(ops.ones((2, 12, 3)), "b (h w) c -> b c h w", h=3))
        (2, 3, 3, 4)
    """
    before, after = _read(pattern)
    sizes = list(shape_of(tensor))
    before, after = _spelled_out(before, after, len(sizes), pattern)
    lengths = _lengths(before, sizes, axes_lengths, pattern)
    order = [name for group in before for name in group]
    wanted = [name for group in after for name in group]
    if any(len(group) != 1 for group in before):
        tensor = reshape(tensor, tuple(lengths[name] for name in order))
    if order != wanted:
        tensor = transpose(tensor, tuple(order.index(name) for name in wanted))
    if any(len(group) != 1 for group in after):
        tensor = reshape(tensor, tuple(_product(lengths[name] for name in group) for group in after))
    return tensor


@lru_cache(maxsize=1024)
def _read(pattern: str) -> tuple[Groups, Groups]:
    sides = pattern.split("->") if isinstance(pattern, str) else ()
    if len(sides) != 2:
        raise ValueError(f"ops.rearrange: expected a pattern like 'a b -> b a', got {pattern!r}")
    before, after = (tuple(_groups(side, pattern)) for side in sides)
    names, others = ([name for group in side for name in group if name] for side in (before, after))
    if len(set(names)) != len(names) or sorted(names) != sorted(others):
        raise ValueError(f"ops.rearrange: each name stands once on both sides of {pattern!r}")
    if REST in names and ALONE not in before:
        raise ValueError(f"ops.rearrange: '...' stands in no parentheses before the arrow, got {pattern!r}")
    return before, after


def _groups(side: str, pattern: str) -> Iterator[tuple[str, ...]]:
    inside: list[str] | None = None
    for token in _TOKEN.findall(side):
        if token == "(" and inside is None:
            inside = []
        elif token == ")" and inside is not None:
            yield tuple(inside)
            inside = None
        elif not (token.isidentifier() or token in ("1", REST)):
            raise ValueError(f"ops.rearrange: {token!r} has no place in the pattern {pattern!r}")
        elif inside is not None:
            inside += [token] if token != "1" else []
        else:
            yield () if token == "1" else ALONE if token == REST else (token,)
    if inside is not None:
        raise ValueError(f"ops.rearrange: a parenthesis is not closed in {pattern!r}")


def _spelled_out(before: Groups, after: Groups, rank: int, pattern: str) -> tuple[Groups, Groups]:
    """Both sides with a name for each axis that "..." stands for."""
    count = rank - len(before)
    if ALONE not in before:
        if count:
            raise ShapeError(f"ops.rearrange: {pattern!r} is for {len(before)} axes, got a tensor with {rank}")
        return before, after
    if count < -1:
        raise ShapeError(f"ops.rearrange: {pattern!r} is for {len(before) - 1} axes or more, got a tensor with {rank}")
    rest = tuple(f"{REST}{i}" for i in range(count + 1))
    place = before.index(ALONE)
    before = (*before[:place], *((name,) for name in rest), *before[place + 1 :])
    spelled: list[tuple[str, ...]] = []
    for group in after:
        if group == ALONE:
            spelled += [(name,) for name in rest]
        else:
            spelled.append(tuple(part for name in group for part in (rest if name == REST else (name,))))
    return before, tuple(spelled)


def _lengths(before: Groups, sizes: Sequence[Any], given: Mapping[str, Any], pattern: str) -> dict[str, Any]:
    """The size of each name; None, or a framework's tensor, where nobody knows it yet."""
    names = {name for group in before for name in group}
    if unknown := sorted(given.keys() - names):
        raise ValueError(f"ops.rearrange: {pattern!r} has no axes {unknown}, whose sizes were given")
    lengths: dict[str, Any] = dict(given)
    for group, size in zip(before, sizes, strict=True):
        free = [name for name in group if name not in lengths]
        if len(free) > 1:
            what = f"ops.rearrange: the sizes of {free} in {pattern!r} cannot be told apart"
            raise ShapeError(message(what, None, f"Give all but one, as in rearrange(x, pattern, {free[0]}=2)."))
        known = math.prod(lengths[name] for name in group if name not in free)
        if isinstance(size, int) and (size % known if free and known else size != known):
            what = f"ops.rearrange: an axis of size {size} is no ({' '.join(group)}) of {pattern!r} with {dict(given)}"
            raise ShapeError(what)
        if free:
            lengths[free[0]] = size if known == 1 else None if size is None else size // known
    return lengths


def _product(sizes: Any) -> Any:
    result: Any = 1
    for size in sizes:
        result = None if size is None or result is None else result * size
    return result
