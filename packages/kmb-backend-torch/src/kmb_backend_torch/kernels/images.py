"""Images through torch's own interpolation and convolution, where these compute what the core's formulas say.

torch's bicubic interpolation is another one (a = -3/4) unless it smooths, and its "area" is a mean over whole pixels,
so those are left to the core. Images are seen with their channels second, which for channels-last data is a view in the
memory format that the kernels like best.
"""

from collections.abc import Sequence

import torch
from torch.nn import functional

Axes = tuple[int, int, int]  # rows, columns, channels

_MODES = {("bilinear", False): "bilinear", ("bilinear", True): "bilinear", ("bicubic", True): "bicubic"}


def image_resize(
    x: torch.Tensor, axes: Axes, size: tuple[int, int], interpolation: str, antialias: bool
) -> torch.Tensor | None:
    """An image or a batch in another size; None where torch has no such interpolation.

    Args:
        x: float32 or float64, 3 axes or 4.
        axes: where rows, columns and channels lie.
        size: height and width of the result.
        interpolation, antialias: as for `ops.image.resize`.
    """
    mode = _MODES.get((interpolation, antialias))
    if mode is None or not x.numel():
        return None
    found = functional.interpolate(_channels_second(x, axes), size, mode=mode, antialias=antialias, align_corners=False)
    return _laid_out(found, axes, x.ndim)


def image_blur(x: torch.Tensor, axes: Axes, down: Sequence[float], across: Sequence[float]) -> torch.Tensor | None:
    """Weighted means of each pixel and those above and below it, then of those beside it; outside all is 0."""
    if not x.numel():
        return None
    images = _channels_second(x, axes)
    channels = images.shape[1]
    for weights, vertical in ((down, True), (across, False)):
        before, behind = (len(weights) - 1) // 2, len(weights) // 2
        if before != behind:
            images = functional.pad(images, (0, 0, before, behind) if vertical else (before, behind))
        amount = before if before == behind else 0
        window = (len(weights), 1) if vertical else (1, len(weights))
        kernel = (
            torch.tensor(weights, dtype=x.dtype, device=x.device).reshape(1, 1, *window).expand(channels, 1, *window)
        )
        padding = (amount, 0) if vertical else (0, amount)
        images = functional.conv2d(images, kernel, padding=padding, groups=channels)
    return _laid_out(images, axes, x.ndim)


def _channels_second(x: torch.Tensor, axes: Axes) -> torch.Tensor:
    batch = x if x.ndim == 4 else x.unsqueeze(0)
    return batch if axes[2] < axes[0] else batch.permute(0, 3, 1, 2)


def _laid_out(x: torch.Tensor, axes: Axes, rank: int) -> torch.Tensor:
    batch = x if axes[2] < axes[0] else x.permute(0, 2, 3, 1)
    return batch if rank == 4 else batch.squeeze(0)
