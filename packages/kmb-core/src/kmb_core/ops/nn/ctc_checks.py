"""What `ctc_loss` and `ctc_decode` refuse; apart from the ops, so that backends can import it."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops.tensors import static_shape


def check_loss(target: Any, output: Any, target_length: Any, output_length: Any, mask_index: int) -> int:
    """The class of the blank; raises where the arguments do not fit each other."""
    given = [tuple(static_shape(x)) for x in (target, output, target_length, output_length)]
    where = "ops.ctc_loss"
    if [len(s) for s in given] != [2, 3, 1, 1] or len({s[0] for s in given} - {None}) > 1:
        what = f"{where}: expected target (batch, labels), output (batch, time, classes) and two lengths (batch,)"
        shown = ", ".join(map(str, given))
        raise ShapeError(message(f"{what}, got {shown}", "Lengths are given for each sample.", None))
    for name, x in (("target", target), ("target_length", target_length), ("output_length", output_length)):
        if "int" not in dtype_of(x):
            raise DTypeError(f"{where}: expected {name} of an integer dtype, got {dtype_of(x)}")
    return _blank(given[1][2], mask_index, where)


def _blank(classes: int | None, mask_index: int, where: str) -> int:
    if classes is None:
        raise ShapeError(f"{where}: the number of classes, the last axis, is unknown")
    if not -classes <= mask_index < classes:
        raise ValueError(f"{where}: mask_index {mask_index} is none of {classes} classes")
    return mask_index % classes


def check_decode(
    inputs: Any, sequence_lengths: Any, strategy: str, beam_width: int, top_paths: int, mask_index: int
) -> int:
    """The class of the blank; raises where the arguments do not fit each other."""
    where = "ops.ctc_decode"
    given, lengths = tuple(static_shape(inputs)), tuple(static_shape(sequence_lengths))
    if len(given) != 3 or len(lengths) != 1 or (None not in (given[0], lengths[0]) and given[0] != lengths[0]):
        what = f"{where}: expected inputs (batch, time, classes) and lengths (batch,), got {given} and {lengths}"
        raise ShapeError(message(what, None, None))
    if "int" not in dtype_of(sequence_lengths):
        raise DTypeError(f"{where}: expected sequence_lengths of an integer dtype, got {dtype_of(sequence_lengths)}")
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(f"{where}: strategy is 'greedy' or 'beam_search', got {strategy!r}")
    if strategy == "beam_search" and not 1 <= top_paths <= beam_width:
        raise ValueError(f"{where}: top_paths is 1 to beam_width={beam_width}, got {top_paths}")
    return _blank(given[2], mask_index, where)
