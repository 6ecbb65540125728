"""Images as files and arrays, with Pillow as the judge."""

import io
import sys

import numpy as np
import pytest
from PIL import Image

from kmb_core import ops
from kmb_core.errors import ShapeError
from kmb_core.preprocessing.image import smart_resize
from kmb_core.utils import array_to_img, img_to_array, load_img, save_img
from kmb_core.utils.images import middle_box


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), dtype="uint8")


@pytest.fixture
def picture(tmp_path, pixels):
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_pixels_go_to_a_file_and_come_back(tmp_path, channels, data_format):
    shape = (5, 7, channels) if data_format == "channels_last" else (channels, 5, 7)
    numbers = np.random.default_rng(0).integers(0, 256, shape)
    save_img(tmp_path / "x.png", numbers, data_format=data_format, scale=False)
    mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[channels]
    read = img_to_array(load_img(tmp_path / "x.png", mode), data_format=data_format)
    assert read.dtype == "float32"
    np.testing.assert_array_equal(read, numbers)


def test_scaling_stretches_the_numbers_over_all_levels():
    image = array_to_img(np.array([[-1.0, 0.0, 3.0]]).reshape(1, 3, 1))
    assert np.asarray(image).tolist() == [[0, 63, 255]]
    assert np.asarray(array_to_img(np.full((2, 2, 1), 7.0))).max() == 0  # an even surface


def test_scaling_whole_numbers_does_not_round_on_the_way():
    image = array_to_img(np.array([0, 1, 2]).reshape(1, 3, 1), dtype="uint8")
    assert np.asarray(image).tolist() == [[0, 127, 255]]


def test_tensors_of_the_backend_are_taken():
    assert array_to_img(ops.ones((2, 3, 3))).size == (3, 2)


def test_sixteen_bit_grey_stays(tmp_path):
    levels = (np.arange(16, dtype="uint16") * 4000).reshape(4, 4)
    Image.fromarray(levels).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(img_to_array(load_img(tmp_path / "grey.png", "grayscale"))[:, :, 0], levels)
    assert array_to_img(levels[:, :, None].astype("float32"), scale=False).mode == "I"


def test_a_file_is_read_from_paths_and_streams(picture, pixels):
    sources = [picture, str(picture), str(picture).encode(), io.BytesIO(picture.read_bytes())]
    for source in sources:
        np.testing.assert_array_equal(np.asarray(load_img(source)), pixels)
    with picture.open("rb") as file:
        np.testing.assert_array_equal(np.asarray(load_img(file)), pixels)


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "lanczos"])
def test_target_size_is_height_and_width(picture, pixels, interpolation):
    got = load_img(picture, target_size=(4, 5), interpolation=interpolation)
    wanted = Image.fromarray(pixels).resize((5, 4), Image.Resampling[interpolation.upper()])
    np.testing.assert_array_equal(np.asarray(got), np.asarray(wanted))


def test_keeping_the_shape_cuts_from_the_middle(picture, pixels):
    got = load_img(picture, target_size=(6, 6), keep_aspect_ratio=True)
    np.testing.assert_array_equal(np.asarray(got), pixels[:, 1:7])


@pytest.mark.parametrize(("size", "box"), [((4, 4), (0, 3, 6, 9)), ((1, 4), (1, 0, 4, 12)), ((2, 4), (0, 0, 6, 12))])
def test_the_middle_box_has_the_targets_shape(size, box):
    assert middle_box(6, 12, *size) == box


def test_jpeg_loses_opacity_with_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="no opacity"):
        save_img(tmp_path / "x.jpg", np.ones((4, 4, 4)))
    with Image.open(tmp_path / "x.jpg") as image:
        assert image.mode == "RGB"


def test_wrong_arguments_are_named(picture):
    with pytest.raises(ValueError, match="color_mode"):
        load_img(picture, color_mode="cmyk")
    with pytest.raises(ValueError, match="interpolation"):
        load_img(picture, target_size=(2, 2), interpolation="area")
    with pytest.raises(TypeError, match="got int"):
        load_img(3)
    with pytest.raises(FileNotFoundError):
        load_img(picture.with_name("none.png"))
    with pytest.raises(ShapeError, match="3 axes"):
        array_to_img(np.ones((2, 2)))
    with pytest.raises(ShapeError, match="got 2"):
        array_to_img(np.ones((4, 4, 2)))
    with pytest.raises(ShapeError, match="2 or 3 axes"):
        img_to_array(np.ones(3))
    with pytest.raises(ValueError, match="channels_first"):
        img_to_array(np.ones((2, 2)), data_format="middle")


def test_without_pillow_the_command_to_install_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.delitem(sys.modules, "PIL.Image", raising=False)
    with pytest.raises(ImportError, match="pip install pillow"):
        array_to_img(np.ones((2, 2, 3)))


def test_smart_resize_cuts_and_keeps_kind_and_dtype(pixels):
    small = smart_resize(pixels, (3, 3))
    assert isinstance(small, np.ndarray)
    assert small.dtype == "uint8"
    np.testing.assert_array_equal(smart_resize(pixels, (6, 6), "nearest"), pixels[:, 1:7])
    tensor = smart_resize(ops.convert_to_tensor(pixels[None], "float32"), (3, 3))
    assert ops.is_tensor(tensor)
    assert tuple(tensor.shape) == (1, 3, 3, 3)
    assert smart_resize(pixels.transpose(2, 0, 1), (2, 4), data_format="channels_first").shape == (3, 2, 4)


def test_smart_resize_refuses_what_is_no_image(pixels):
    with pytest.raises(ValueError, match="height, width"):
        smart_resize(pixels, (3,))
    with pytest.raises(ShapeError, match="3 axes"):
        smart_resize(pixels[0], (3, 3))
    with pytest.raises(TypeError, match="unexpected"):
        smart_resize(pixels, (3, 3), speed=3)
