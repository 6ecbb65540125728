"""How similar images look."""

from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, multiply, subtract, true_divide
from kmb_core.ops.declaration import composite
from kmb_core.ops.image import weights
from kmb_core.ops.image.layout import IMAGE, Axes, as_dtype, image_axes, working_dtype
from kmb_core.ops.image.lines import mapped
from kmb_core.ops.reduction import mean
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Floating, Tensor


@composite(saved="SSIM", saved_module=IMAGE)
def ssim(
    image1: Floating,
    image2: Floating,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Tensor:
    """The structural similarity of images: their means, spreads and covariance in a window, averaged over all windows.

    Args:
        image1: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        image2: likewise, of the same shape.
        max_val: the largest value that a pixel can have, 255 for bytes.
        filter_size: height and width of the window, no larger than the images.
        filter_sigma: standard deviation of the window's Gaussian weights, in pixels.
        k1, k2: keep quotients of small numbers from mattering.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        `(batch,)`, or a scalar for one image, in the floating dtype: 1 for equal images, and never more.

    Raises:
        ShapeError: when the shapes differ or the window does not fit. ValueError: for a window without elements.

    Source: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", 2004, equation 13.

    Example:
        >>> from kmb_core import ops
        >>> image = ops.reshape(ops.arange(16, dtype="float32"), (4, 4, 1)) / 16
        >>> round(float(ops.image.ssim(image, image, filter_size=3)), 4)
        1.0
    """
    op = "ops.image.ssim"
    axes = image_axes(image1, data_format, op)
    _check(static_shape(image1), static_shape(image2), axes, filter_size, filter_sigma)
    batch = static_shape(image1)[:-3]
    if isinstance(image1, KerasTensor) or isinstance(image2, KerasTensor):
        return rules.shaped(image1, batch)
    dtype = working_dtype(image1, image2)
    first, second = as_dtype(image1, dtype), as_dtype(image2, dtype)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    smooth = lambda x: _means(x, axes, filter_size, filter_sigma, dtype)  # noqa: E731 - four calls with the same window
    mean1, mean2 = smooth(first), smooth(second)
    both, squares = multiply(mean1, mean2), add(multiply(mean1, mean1), multiply(mean2, mean2))
    covariance = subtract(smooth(multiply(first, second)), both)
    variances = subtract(smooth(add(multiply(first, first), multiply(second, second))), squares)
    luminance = true_divide(add(multiply(both, 2.0), c1), add(squares, c1))
    structure = true_divide(add(multiply(covariance, 2.0), c2), add(variances, c2))
    return as_dtype(mean(multiply(luminance, structure), (-3, -2, -1)), dtype_of(image1))


def _check(first: Any, second: Any, axes: Axes, size: int, sigma: float) -> None:
    op = "ops.image.ssim"
    if not isinstance(size, int) or size < 1 or not sigma > 0:
        raise ValueError(f"{op}: expected a positive filter_size and filter_sigma, got {size!r} and {sigma!r}")
    if not rules.fits(first, second):
        raise ShapeError(f"{op}: expected images of one shape, got {tuple(first)} and {tuple(second)}")
    known = [shape[axis] for shape in (first, second) for axis in axes[:2] if shape[axis] is not None]
    if known and min(known) < size:
        what = f"{op}: a window of {size} does not fit in images of shape {tuple(first)}"
        raise ShapeError(message(what, None, "Choose a smaller filter_size."))


def _means(x: Tensor, axes: Axes, width: int, sigma: float, dtype: str) -> Tensor:
    """The weighted mean of each window that lies in the image."""
    sizes = shape_of(x)
    for axis in (axes.rows, axes.columns):
        x = mapped(x, axis, weights.gaussian(sizes[axis] - (width - 1), sizes[axis], width, sigma, 0, dtype))
    return x
