"""How far boxes overlap."""

import math
from typing import Any

from kmb_core.bounding_boxes.formats import checked_format, convert_format, is_relative
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import add, maximum, minimum, multiply, square, subtract, true_divide
from kmb_core.ops.comparison import less, logical_or, where
from kmb_core.ops.functions import arctan
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.manipulation import expand_dims, split, squeeze
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.tensors import static_shape
from kmb_core.settings import epsilon
from kmb_core.typing import Tensor


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Tensor:
    """The area that two boxes share, divided by the area that they cover, for each pair.

    Args:
        boxes1: `(M, 4)` or `(batch, M, 4)`.
        boxes2: `(N, 4)` or `(batch, N, 4)`; boxes without a batch axis are paired with those of each image.
        bounding_box_format: the format of both; see `convert_format`.
        use_masking: whether boxes with left, top, right and bottom below 0 count as padding.
        mask_val: what stands for a pair with padding.
        image_shape: `(height, width, channels)`, needed for relative formats.

    Returns:
        `(M, N)` or `(batch, M, N)`, float32, 0 for boxes without an area.

    Raises:
        ShapeError: for boxes of another number of axes. ValueError: for an unknown format or a missing size.

    Example:
        >>> from kmb_core import utils
        >>> float(utils.bounding_boxes.compute_iou([[0, 0, 4, 2]], [[0, 0, 2, 2]], "xyxy")[0, 0])
        0.5
    """
    corners1 = _corners(boxes1, bounding_box_format, image_shape, "boxes1")
    corners2 = _corners(boxes2, bounding_box_format, image_shape, "boxes2")
    for corners, name in ((corners1, "boxes1"), (corners2, "boxes2")):
        if len(static_shape(corners)) not in (2, 3):
            shape = tuple(static_shape(corners))
            raise ShapeError(f"compute_iou: expected {name} of shape (boxes, 4) or (batch, boxes, 4), got {shape}")
    first, second = expand_dims(corners1, -2), expand_dims(corners2, -3)
    shared, covered, _ = _areas(first, second)
    overlap = squeeze(divide_no_nan(shared, covered), -1)
    if use_masking:
        padding = logical_or(less(largest(first, -1), 0), less(largest(second, -1), 0))
        overlap = where(padding, mask_val, overlap)
    return overlap


def compute_ciou(boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None) -> Tensor:
    """Overlap that also tells boxes apart that share nothing: less for distant centres and another aspect ratio.

    `iou - d² / c² - v² / (1 - iou + v)` with the distance d of the centres, the diagonal c of the box around both, and
    `v = 4 / π² (atan(w1 / h1) - atan(w2 / h2))²`.

    Args:
        boxes1, boxes2: `(..., 4)`, shapes that broadcast.
        bounding_box_format: the format of both; see `convert_format`.
        image_shape: `(height, width, channels)`, needed for relative formats.

    Returns:
        `(...)`, float32, 1 for equal boxes.

    Raises:
        ShapeError: when the last axis does not have 4 entries. ValueError: for an unknown format or a missing size.

    Source: Zheng et al., "Distance-IoU Loss: Faster and Better Learning for Bounding Box Regression", 2020, eq. 8-11.

    Example:
        >>> from kmb_core import utils
        >>> boxes = [[0.0, 0.0, 2.0, 2.0]]
        >>> round(float(utils.bounding_boxes.compute_ciou(boxes, boxes, "xyxy")[0]), 4)
        1.0
    """
    first = _corners(boxes1, bounding_box_format, image_shape, "boxes1")
    second = _corners(boxes2, bounding_box_format, image_shape, "boxes2")
    shared, covered, around = _areas(first, second)
    tiny = epsilon()
    overlap = true_divide(shared, add(covered, 2 * tiny))
    (width1, height1), (width2, height2) = _extents(first), _extents(second)
    angles = [arctan(true_divide(w, add(h, tiny))) for w, h in ((width1, height1), (width2, height2))]
    shape_term = multiply(square(subtract(*angles)), 4 / math.pi**2)
    share = true_divide(shape_term, add(subtract(shape_term, overlap), 1 + tiny))
    distance = true_divide(_distance(first, second), add(around, tiny))
    return squeeze(subtract(overlap, add(distance, multiply(share, shape_term))), -1)


def _corners(boxes: Any, bounding_box_format: str, image_shape: Any, name: str) -> Tensor:
    height, width = (None, None) if image_shape is None else tuple(image_shape)[:2]
    if is_relative(checked_format(bounding_box_format)) and image_shape is None:
        what = f"bounding boxes: {name} are {bounding_box_format!r}, which needs image_shape, got None"
        raise ValueError(message(what, None, "Give (height, width, channels)."))
    return convert_format(boxes, bounding_box_format, "xyxy", height, width)


def _extents(corners: Tensor) -> tuple[Tensor, Tensor]:
    left, top, right, bottom = split(corners, 4, axis=-1)
    return subtract(right, left), subtract(bottom, top)


def _areas(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The area that two boxes share, the one that they cover, and the squared diagonal of the box around both."""
    left1, top1, right1, bottom1 = split(first, 4, axis=-1)
    left2, top2, right2, bottom2 = split(second, 4, axis=-1)
    width = maximum(subtract(minimum(right1, right2), maximum(left1, left2)), 0)
    height = maximum(subtract(minimum(bottom1, bottom2), maximum(top1, top2)), 0)
    shared = multiply(width, height)
    area1 = multiply(subtract(right1, left1), subtract(bottom1, top1))
    area2 = multiply(subtract(right2, left2), subtract(bottom2, top2))
    across = subtract(maximum(right1, right2), minimum(left1, left2))
    down = subtract(maximum(bottom1, bottom2), minimum(top1, top2))
    return shared, subtract(add(area1, area2), shared), add(square(across), square(down))


def _distance(first: Tensor, second: Tensor) -> Tensor:
    """The squared distance of the centres."""
    left1, top1, right1, bottom1 = split(first, 4, axis=-1)
    left2, top2, right2, bottom2 = split(second, 4, axis=-1)
    across = subtract(add(left1, right1), add(left2, right2))
    down = subtract(add(top1, bottom1), add(top2, bottom2))
    return true_divide(add(square(across), square(down)), 4)
