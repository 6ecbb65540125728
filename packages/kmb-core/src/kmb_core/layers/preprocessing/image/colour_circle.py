"""Images as hue, saturation and value, and back, for layers that change one of them."""

from collections.abc import Callable, Sequence
from typing import Any

from kmb_core.layers.preprocessing.image.pixel_values import clipped, rescaled
from kmb_core.ops.image.colour import hsv_to_rgb, rgb_to_hsv
from kmb_core.ops.manipulation import concatenate, split

UNIT = (0.0, 1.0)


def with_hsv(
    images: Any,
    change: Callable[[Any, Any, Any], tuple[Any, Any, Any]],
    value_range: Sequence[float],
    channel_axis: int,
    data_format: str,
) -> Any:
    """Images after `change`, which is given hue, saturation and value from 0 to 1, and gives the three new ones.

    Args:
        images: a batch of a floating dtype, with 3 channels.
        change: the function.
        value_range: the lowest and the highest value of a pixel.
        channel_axis: the axis of channels, from the end.
        data_format: "channels_last" or "channels_first".

    Returns:
        A batch like the first, within the value range.
    """
    hsv = rgb_to_hsv(rescaled(images, value_range, UNIT), data_format)
    changed = concatenate(change(*split(hsv, 3, axis=channel_axis)), axis=channel_axis)
    return clipped(rescaled(hsv_to_rgb(changed, data_format), UNIT, value_range), value_range)
