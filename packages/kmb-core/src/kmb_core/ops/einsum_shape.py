"""The shape that Einstein's notation gives, with unknown sizes."""

from collections.abc import Sequence

from kmb_core.errors import ShapeError
from kmb_core.shapes import Shape, broadcast_shapes


def einsum_shape(subscripts: str, shapes: Sequence[Shape]) -> Shape:
    """The result's shape for subscripts like "bij,bjk->bik"; "..." stands for axes that broadcast.

    Raises:
        ShapeError: when the subscripts do not fit the shapes.
    """
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(shapes):
        raise ShapeError(f"ops.einsum: {subscripts!r} is for {len(terms)} tensors, got {len(shapes)}")
    sizes: dict[str, int | None] = {}
    broadcast: Shape = ()
    for term, shape in zip(terms, shapes, strict=True):
        broadcast = broadcast_shapes(broadcast, _read(term, shape, subscripts, sizes), "ops.einsum")
    before, dots, after = (output if arrow else _implied(terms)).partition("...")
    unknown = [letter for letter in before + after if letter not in sizes]
    if unknown:
        raise ShapeError(f"ops.einsum: {unknown[0]!r} of the result stands in no tensor of {subscripts!r}")
    middle = broadcast if dots else ()
    return (*(sizes[letter] for letter in before), *middle, *(sizes[letter] for letter in after))


def _read(term: str, shape: Shape, subscripts: str, sizes: dict[str, int | None]) -> Shape:
    """Note the size of each letter of one term; give the sizes that "..." stands for."""
    before, dots, after = term.partition("...")
    named = len(before) + len(after)
    if len(shape) < named or (not dots and len(shape) != named):
        raise ShapeError(f"ops.einsum: {term!r} of {subscripts!r} does not fit shape {shape}")
    tail = len(shape) - len(after)
    for letter, size in [*zip(before, shape, strict=False), *zip(after, shape[tail:], strict=True)]:
        known = sizes.get(letter)
        if None not in (known, size) and known != size and 1 not in (known, size):
            raise ShapeError(f"ops.einsum: {letter!r} of {subscripts!r} stands for {known} and for {size}")
        sizes[letter] = size if known in (None, 1) else known
    return tuple(shape[len(before) : tail])


def _implied(terms: list[str]) -> str:
    """Without "->": the letters that stand once, in alphabetical order, after what broadcasts."""
    letters = "".join(terms).replace(".", "")
    once = "".join(sorted(letter for letter in set(letters) if letters.count(letter) == 1))
    return ("..." if any("..." in term for term in terms) else "") + once
