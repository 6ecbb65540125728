"""torch's own interpolation and convolution give what the core's formulas give, forward and backward."""

import numpy as np
import pytest
import torch

from kmb_backend_torch.kernels.images import image_blur, image_resize
from kmb_core.ops.image import weights
from kmb_core.ops.image.lines import mapped

AXES = {"last": (1, 2, 3), "first": (2, 3, 1)}


def image(layout):
    x = torch.from_numpy(np.random.default_rng(0).random((2, 9, 7, 3)))
    return x if layout == "last" else x.permute(0, 3, 1, 2)


def by_formula(x, axes, lines):
    for axis, line in zip(axes[:2], lines, strict=True):
        x = mapped(x, axis, line)
    return x


def gradients(function, x):
    leaf = x.clone().requires_grad_()
    function(leaf).square().sum().backward()
    return leaf.grad


@pytest.mark.parametrize("layout", AXES)
@pytest.mark.parametrize(("mode", "antialias"), [("bilinear", False), ("bilinear", True), ("bicubic", True)])
@pytest.mark.parametrize("size", [(4, 13), (20, 3)])
def test_images_are_resized_by_the_formula(layout, mode, antialias, size):
    x, axes = image(layout), AXES[layout]
    lines = [
        weights.resampling(new, x.shape[axis], new / x.shape[axis], 0.0, mode, antialias, "float64")
        for axis, new in zip(axes, size, strict=False)
    ]
    native, formula = lambda t: image_resize(t, axes, size, mode, antialias), lambda t: by_formula(t, axes, lines)
    torch.testing.assert_close(native(x), formula(x), rtol=0, atol=1e-12)
    torch.testing.assert_close(gradients(native, x), gradients(formula, x), rtol=0, atol=1e-11)


@pytest.mark.parametrize("layout", AXES)
@pytest.mark.parametrize("window", [(3, 5), (4, 2), (1, 11)])
def test_images_are_blurred_by_the_formula(layout, window):
    x, axes = image(layout), AXES[layout]
    lines = [
        weights.gaussian(x.shape[axis], x.shape[axis], width, 1.5, (width - 1) // 2, "float64")
        for axis, width in zip(axes, window, strict=False)
    ]
    bells = [weights.bell(width, 1.5) for width in window]
    native, formula = lambda t: image_blur(t, axes, *bells), lambda t: by_formula(t, axes, lines)
    torch.testing.assert_close(native(x), formula(x), rtol=0, atol=1e-12)
    torch.testing.assert_close(gradients(native, x), gradients(formula, x), rtol=0, atol=1e-11)


def test_what_torch_computes_otherwise_is_left_to_the_core():
    for mode, antialias in (("bicubic", False), ("area", False), ("lanczos3", True)):
        assert image_resize(image("last"), AXES["last"], (3, 3), mode, antialias) is None
