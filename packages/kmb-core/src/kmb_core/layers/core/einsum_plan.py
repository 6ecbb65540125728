"""The equation of an EinsumDense layer: which shapes it asks for, and how one matrix product gives its result.

An equation is "inputs,kernel->outputs", a letter for each axis; "..." at the same end of inputs and outputs stands for
axes that stay as they are. Without axes that inputs, kernel and outputs all have, it is one matrix product: axes are
brought into order, (kept, summed) for the inputs and (summed, new) for the kernel, and neighbours become one.
"""

import string
from dataclasses import dataclass
from math import prod
from typing import Any

from kmb_core.errors import ShapeError, message

Sizes = tuple[int | None, ...]


@dataclass(frozen=True)
class Equation:
    """An equation for inputs of a known number of axes, without "..."."""

    inputs: str
    kernel: str
    outputs: str
    sizes: dict[str, int | None]  # of each letter; None where unknown

    @property
    def text(self) -> str:
        """The equation as `ops.einsum` reads it."""
        return f"{self.inputs},{self.kernel}->{self.outputs}"

    def shape(self, letters: str) -> Sizes:
        """The sizes of letters."""
        return tuple(self.sizes[letter] for letter in letters)

    def bias_shape(self, bias_axes: str) -> Sizes:
        """The shape of a bias: from its first axis on, size 1 where it has no axis."""
        first = min(self.outputs.index(letter) for letter in bias_axes)
        return tuple(self.sizes[letter] if letter in bias_axes else 1 for letter in self.outputs[first:])


def parse(equation: str, input_shape: Sizes, output_shape: Sizes, where: str) -> Equation:
    """Fit an equation to shapes.

    Args:
        equation: as the user wrote it.
        input_shape: the inputs' sizes, batch included.
        output_shape: the outputs' sizes without the batch, or, for an equation with "...", those of its letters.
        where: who asks.

    Raises:
        ShapeError: for an equation of another form, or for shapes that do not fit.
    """
    inputs, kernel, outputs = _sides(equation, where)
    named, free = inputs.replace("...", ""), inputs.startswith("...") or inputs.endswith("...")
    elided = len(input_shape) - len(named)
    if elided < 0 or (elided and not free):
        raise ShapeError(f"{where}: equation {equation!r} does not fit inputs of shape {input_shape}")
    spare = "".join(letter for letter in string.ascii_letters if letter not in equation)[:elided]
    inputs, outputs = inputs.replace("...", spare), outputs.replace("...", spare)
    sizes = dict(zip(inputs, input_shape, strict=True))
    _enter_outputs(sizes, inputs, outputs, spare, output_shape, f"{where}: equation {equation!r}")
    unknown = [letter for letter in kernel if sizes.get(letter) is None]
    if unknown:
        what = f"{where}: equation {equation!r}: the kernel's axes {unknown} have no known size"
        raise ShapeError(message(what, f"The inputs have shape {input_shape}, the outputs {output_shape}.", None))
    return Equation(inputs, kernel, outputs, sizes)


def _sides(equation: str, where: str) -> tuple[str, str, str]:
    both, arrow, outputs = equation.replace(" ", "").partition("->")
    inputs, comma, kernel = both.partition(",")
    dotted = [side for side in (inputs, outputs) if "..." in side]
    fits = not dotted or (
        len(dotted) == 2
        and (inputs.startswith("...") == outputs.startswith("..."))
        and (inputs.endswith("...") == outputs.endswith("..."))
    )
    letters = [side.replace("...", "", 1) for side in (inputs, kernel, outputs)]
    plain = all(side.isalpha() and len(set(side)) == len(side) for side in letters) and "." not in kernel
    if not (arrow and comma and fits and plain):
        what = f"{where}: expected an equation like 'abc,cd->abd' or '...x,xy->...y', got {equation!r}"
        raise ShapeError(
            message(what, "It says the axes of inputs, kernel and outputs, each letter once a side.", None)
        )
    return inputs, kernel, outputs


def _enter_outputs(
    sizes: dict[str, int | None], inputs: str, outputs: str, spare: str, output_shape: Sizes, where: str
) -> None:
    """Put the sizes of the outputs' letters beside those of the inputs'."""
    named = [letter for letter in outputs if letter not in spare]
    # The batch, the inputs' first axis, has no size in output_shape; "..." in front holds it.
    if len(named) == len(output_shape) + 1 and not outputs.startswith(spare or " "):
        named = named[1:]
    if len(named) != len(output_shape):
        what = f"{where}: {len(named)} letters of the outputs have no size in output_shape {output_shape}"
        raise ShapeError(message(what, "It has a size for each axis after the batch, None for the inputs' own.", None))
    for letter, size in zip(named, output_shape, strict=True):
        known = sizes.get(letter)
        if letter in inputs and None not in (known, size) and known != size:
            raise ShapeError(f"{where}: axis {letter!r} has size {known} in the inputs, {size} in output_shape")
        sizes[letter] = known if size is None else size


@dataclass(frozen=True)
class Projection:
    """How one matrix product gives the result; None for an order says that axes have it already.

    With `kept_axes` None the inputs' axes are left alone, but for the summed ones, which become the last.
    """

    input_order: tuple[int, ...] | None
    kernel_order: tuple[int, ...] | None
    output_order: tuple[int, ...] | None
    kept: int  # how many axes of the ordered inputs stay
    summed: int  # the product of the sizes that are summed over
    joined: bool  # whether several axes are summed over
    matrix: tuple[int, int]
    new: tuple[int, ...]  # the sizes of the kernel's own axes


def projection(equation: Equation) -> Projection | None:
    """The plan for an equation that is one matrix product; None for another."""
    inputs, kernel, outputs = equation.inputs, equation.kernel, equation.outputs
    summed = "".join(letter for letter in kernel if letter in inputs)
    new = "".join(letter for letter in outputs if letter in kernel and letter not in inputs)
    kept = "".join(letter for letter in inputs if letter not in summed)
    if (
        any(letter in outputs for letter in summed)
        or set(kept + new) != set(outputs)
        or len(summed + new) != len(kernel)
    ):
        return None
    wide, deep = prod(_known(equation.shape(summed))), prod(_known(equation.shape(new)))
    return Projection(
        _order(inputs, kept + summed),
        _order(kernel, summed + new),
        _order(kept + new, outputs),
        len(kept),
        wide,
        len(summed) != 1,
        (wide, deep),
        _known(equation.shape(new)),
    )


def _order(given: str, wanted: str) -> tuple[int, ...] | None:
    return None if given == wanted else tuple(given.index(letter) for letter in wanted)


def _known(sizes: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in sizes)
