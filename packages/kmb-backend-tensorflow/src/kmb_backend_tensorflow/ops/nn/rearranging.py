"""Depth and space: TensorFlow's kernels where channels come last, the order in which they keep the op's promise."""

from typing import Any

from kmb_backend_tensorflow.raw import raw_op
from kmb_core.ops.nn import rearranging as declared

_DepthToSpace, _SpaceToDepth = raw_op("DepthToSpace"), raw_op("SpaceToDepth")


def depth_to_space(x: Any, block_size: int, data_format: str | None = "channels_last") -> Any:
    """TensorFlow's kernel; its order of channels that come first is another one."""
    if data_format != "channels_last" or 0 in x.shape:
        return declared.depth_to_space.op.body(x, block_size, data_format)
    return _DepthToSpace(x, block_size)


def space_to_depth(x: Any, block_size: int, data_format: str | None = "channels_last") -> Any:
    """TensorFlow's kernel; its order of channels that come first is another one."""
    if data_format != "channels_last" or 0 in x.shape:
        return declared.space_to_depth.op.body(x, block_size, data_format)
    return _SpaceToDepth(x, block_size)
