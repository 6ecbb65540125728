"""The declared bodies, each compiled as one function: eagerly the scan in them would be compiled at each call."""

from typing import Any

import jax

from kmb_backend_jax.kernel import kernel
from kmb_core.plugins.contract import DECLARED


@kernel(static=("mask_index",))
def ctc_loss(
    target: jax.Array, output: jax.Array, target_length: jax.Array, output_length: jax.Array, mask_index: int = 0
) -> jax.Array:
    """The negative logarithm of the target's probability; see the op."""
    return DECLARED["ctc_loss"].body(target, output, target_length, output_length, mask_index)


@kernel(static=("strategy", "beam_width", "top_paths", "merge_repeated", "mask_index"))
def ctc_decode(
    inputs: jax.Array,
    sequence_lengths: jax.Array,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> Any:
    """The most probable labels; see the op."""
    settings = (strategy, beam_width, top_paths, merge_repeated, mask_index)
    return DECLARED["ctc_decode"].body(inputs, sequence_lengths, *settings)
