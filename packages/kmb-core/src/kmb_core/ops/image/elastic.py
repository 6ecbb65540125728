"""Images as if printed on rubber: each pixel is read a little beside its place, and so are its neighbours."""

from typing import Any

from kmb_core._namespaces import RESOLVERS
from kmb_core.backend import KerasTensor
from kmb_core.backend.operators import OPERATIONS
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.declaration import composite
from kmb_core.ops.image.filters import gaussian_blur, window_of
from kmb_core.ops.image.layout import IMAGE, check_choice, image_axes, working_dtype
from kmb_core.ops.image.sampling import FILL_MODES, ORDERS
from kmb_core.ops.image.transforms import warped
from kmb_core.ops.indexing import get_item
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.typing import Tensor, TensorLike


@composite(saved_module=IMAGE)
def elastic_transform(
    images: TensorLike,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Images deformed by random displacements that change smoothly from pixel to pixel.

    Args:
        images: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first"; or one
            image, without the batch axis.
        alpha: how far: displacements are smoothed normal numbers times alpha, with a deviation of about 0.28 alpha
            pixels.
        sigma: standard deviation of the normal numbers and, in pixels, of the Gaussian window that smooths them; about
            six of it are its width. The larger, the smoother.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        fill_value: the constant k.
        seed: int, SeedGenerator or None.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Returns:
        The shape and dtype of `images`; each of a batch is deformed in its own way, its channels alike.

    Raises:
        ShapeError: for another number of axes. ValueError: for an unknown mode, or a sigma that is not positive.

    Source: Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks", 2003, section 2.

    Example:
        >>> from kmb_core import ops
        >>> ops.shape(ops.image.elastic_transform(ops.ones((8, 8, 3)), seed=1))
        (8, 8, 3)
    """
    op = "ops.image.elastic_transform"
    check_choice(interpolation, tuple(ORDERS), "interpolation", op)
    check_choice(fill_mode, FILL_MODES, "fill_mode", op)
    axes = image_axes(images, data_format, op)
    width = int(6 * sigma) | 1 if sigma > 0 else 1
    window_of((width, width), (sigma, sigma), op)
    if isinstance(images, KerasTensor):
        return rules.same(images)
    sizes, dtype = shape_of(images), working_dtype(images)
    batch = sizes[0] if len(sizes) == 4 else 1
    noise = _normal()((batch, sizes[axes.rows], sizes[axes.columns], 2), 0.0, float(sigma), dtype, seed)
    moved = multiply(gaussian_blur(noise, (width, width), (sigma, sigma), "channels_last"), alpha)

    def places(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return add(x, get_item(moved, (..., 0))), add(y, get_item(moved, (..., 1)))

    return warped(images, places, dtype, interpolation, fill_mode, fill_value, data_format)


def _normal() -> Any:
    """`random.normal`, which stands above the ops: found where ops enter themselves, or loaded by its public name."""
    return OPERATIONS.get("normal") or RESOLVERS["keras.random"]("normal")
