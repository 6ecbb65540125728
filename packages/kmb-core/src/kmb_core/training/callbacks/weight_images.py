"""Weights as pictures."""

import numpy as np


def weight_images(weight: np.ndarray) -> np.ndarray | None:
    """A weight as grey images, or coloured ones for filters of three channels; from black, the least value, to white.

    A vector is one column, a matrix lies on its longer side, of three axes the last counts the images, and kernels of
    two-dimensional convolutions, `(height, width, channels, filters)`, give an image for each filter.

    Args:
        weight: array of any shape.

    Returns:
        `(count, height, width, channels)` from 0 to 1; None for other shapes and for weights without values.

    Example:
        >>> weight_images(np.arange(6.0).reshape(3, 2)).shape
        (1, 2, 3, 1)
    """
    arranged = _arranged(weight)
    if arranged is None or arranged.size == 0:
        return None
    values = np.nan_to_num(arranged)
    least, largest = values.min(), values.max()
    return (values - least) / (largest - least if largest > least else 1.0)


def _arranged(weight: np.ndarray) -> np.ndarray | None:
    if weight.ndim == 1:
        return weight[None, :, None, None]
    if weight.ndim == 2:
        return (weight.T if weight.shape[0] > weight.shape[1] else weight)[None, :, :, None]
    if weight.ndim == 3:
        return weight.transpose(2, 0, 1)[..., None]
    if weight.ndim == 4:
        filters = weight.transpose(3, 0, 1, 2)
        return filters if weight.shape[2] in (1, 3) else filters[..., :1]
    return None
