"""Image ops in functional models: saved under Keras's names, and loaded again with the same results."""

import numpy as np
import pytest

import kmb_core
from kmb_core import ops
from kmb_core.ops.declaration import OPS

IMAGES = np.random.default_rng(0).random((2, 12, 12, 3)).astype("float32")
LAST = {"data_format": "channels_last"}
TURN = np.array([[1.0, 0.1, 0.3, 0.2, 0.9, -0.4, 0.0, 0.0]], "float32")

CALLS = {
    "Resize": lambda x: ops.image.resize(x, (5, 7), "bicubic", True, **LAST),
    "AffineTransform": lambda x: ops.image.affine_transform(x, TURN[0], fill_mode="reflect", **LAST),
    "CropImages": lambda x: ops.image.crop_images(x, 1, 2, target_height=4, target_width=5, **LAST),
    "PadImages": lambda x: ops.image.pad_images(x, 1, 2, 3, 4, **LAST),
    "ExtractPatches": lambda x: ops.image.extract_patches(x, (3, 4), **LAST),
    "GaussianBlur": lambda x: ops.image.gaussian_blur(x, (5, 3), (1.0, 2.0), **LAST),
    "RGBToHSV": lambda x: ops.image.rgb_to_hsv(x, **LAST),
    "HSVToRGB": lambda x: ops.image.hsv_to_rgb(x, **LAST),
    "RGBToGrayscale": lambda x: ops.image.rgb_to_grayscale(x, **LAST),
    "SobelEdges": lambda x: ops.image.sobel_edges(x, **LAST),
    "SSIM": lambda x: ops.image.ssim(x, x * 0.9, **LAST),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_model_of_an_image_op_comes_back_from_its_config(name):
    inputs = kmb_core.Input((12, 12, 3))
    model = kmb_core.Model(inputs, CALLS[name](inputs))
    config = model.get_config()
    saved = {entry["class_name"]: entry["module"] for entry in config["layers"]}
    assert saved[name] == "keras.src.ops.image"
    again = kmb_core.Model.from_config(config)
    expected, found = (ops.convert_to_numpy(m(IMAGES)) for m in (model, again))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(found, ops.convert_to_numpy(CALLS[name](IMAGES)), atol=1e-6)


def test_patches_of_volumes_are_loaded_as_patches_of_volumes():
    inputs = kmb_core.Input((4, 4, 4, 1))
    model = kmb_core.Model(inputs, ops.image.extract_patches_3d(inputs, 2, **LAST))
    again = kmb_core.Model.from_config(model.get_config())
    assert again.output.shape == (None, 2, 2, 2, 8)


def test_each_name_of_the_namespace_is_an_image_op():
    for name in set(ops.image.__all__) - {"extract_patches_3d"}:
        assert getattr(ops.image, name).op is OPS[name]
        assert OPS[name].saved_module == "keras.src.ops.image"
    assert not set(ops.image.__all__) & set(ops.__all__)
