"""Layers that change colours beside PIL, SciPy, the standard library's colorsys, and NumPy written out."""

import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from scipy import ndimage
from sklearn.datasets import load_sample_images

from kmb_core import layers
from kmb_core.backend import convert_to_numpy

HIGH = 255.0


@pytest.fixture(scope="module")
def photographs():
    """Small pieces of two photographs, as bytes."""
    return np.stack([photo[200:212, 300:310] for photo in load_sample_images().images])


def trained(layer, images):
    return convert_to_numpy(layer(images.astype("float32"), training=True))


def by_pil(images, function):
    return np.stack([np.asarray(function(Image.fromarray(image))) for image in images]).astype("float32")


def close(found, expected, within=0.01):
    assert found.dtype == "float32"
    np.testing.assert_allclose(found, expected, rtol=0, atol=within)


def test_inverted_images_are_pils(photographs):
    close(trained(layers.RandomInvert((1.0, 1.0)), photographs), by_pil(photographs, ImageOps.invert))


def test_inversion_keeps_within_a_range_around_zero(photographs):
    shares = photographs / 127.5 - 1
    close(trained(layers.RandomInvert((1.0, 1.0), (-1, 1)), shares), -shares, 1e-5)


@pytest.mark.parametrize("bits", [1, 3, 7])
def test_posterized_images_are_pils(photographs, bits):
    expected = by_pil(photographs, lambda image: ImageOps.posterize(image, bits))
    close(trained(layers.RandomPosterization((bits, bits)), photographs), expected)
    shares = trained(layers.RandomPosterization((bits, bits), (-1, 1)), photographs / 127.5 - 1)
    close((shares + 1) * 127.5, expected)


def test_solarized_images_are_pils(photographs):
    layer = layers.Solarization(threshold_factor=(128 / HIGH, 128 / HIGH))
    close(trained(layer, photographs), by_pil(photographs, lambda image: ImageOps.solarize(image, 128)))


def test_solarization_adds_before_it_inverts():
    layer = layers.Solarization(addition_factor=(0.2, 0.2), threshold_factor=(0.5, 0.5))
    close(trained(layer, np.array([[[50.0], [100.0], [250.0]]]))[0, :, 0], [101.0, 104.0, 0.0])


def test_stretched_images_are_pils_up_to_its_rounding(photographs):
    close(trained(layers.AutoContrast(), photographs), by_pil(photographs, ImageOps.autocontrast), 1.0)


def test_stretching_leaves_channels_of_one_value(photographs):
    photographs = photographs.copy()
    photographs[..., 1] = 77
    found = trained(layers.AutoContrast(), photographs)
    close(found[..., 1], 77.0)
    assert found[..., 0].min() == 0
    assert found[..., 0].max() == 255


def test_channels_first_are_stretched_like_channels_last(photographs):
    first = trained(layers.AutoContrast(data_format="channels_first"), np.moveaxis(photographs, -1, 1))
    close(np.moveaxis(first, 1, -1), trained(layers.AutoContrast(), photographs), 1e-4)


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.7])
def test_degenerate_colours_are_pils_up_to_its_rounding(photographs, strength):
    layer = layers.RandomColorDegeneration((1 - strength, 1 - strength))
    close(trained(layer, photographs), by_pil(photographs, lambda i: ImageEnhance.Color(i).enhance(strength)), 1.6)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.6])
def test_sharpness_within_an_image_is_pils_up_to_its_rounding(photographs, strength):
    layer = layers.RandomSharpness((strength / 2, strength / 2))
    expected = by_pil(photographs, lambda image: ImageEnhance.Sharpness(image).enhance(strength))
    close(trained(layer, photographs)[:, 1:-1, 1:-1], expected[:, 1:-1, 1:-1], 1.2)


def test_sharpness_at_borders_takes_zeros_from_outside(photographs):
    window = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]])[None, :, :, None] / 13
    expected = ndimage.convolve(photographs.astype("float64"), window, mode="constant")
    close(trained(layers.RandomSharpness((0.0, 0.0)), photographs), expected)


def test_grey_images_are_pils_up_to_its_rounding(photographs):
    grey = by_pil(photographs, lambda image: image.convert("L"))
    close(trained(layers.RandomGrayscale(1.0), photographs), np.repeat(grey[..., None], 3, -1), 0.6)


def test_one_channel_is_grey_already(photographs):
    close(trained(layers.RandomGrayscale(1.0), photographs[..., :1]), photographs[..., :1])


def test_brightness_is_added_and_kept_within_the_range(photographs):
    expected = np.clip(photographs / HIGH + 0.3, 0, 1)
    close(trained(layers.RandomBrightness((0.3, 0.3), (0, 1)), photographs / HIGH), expected, 1e-5)


def test_bytes_stay_bytes_when_they_get_darker(photographs):
    found = convert_to_numpy(layers.RandomBrightness((-0.3, -0.3))(photographs))  # by 76.5
    assert found.dtype == "uint8"
    np.testing.assert_array_equal(found, np.clip(photographs.astype(int) - 76, 0, 255))


@pytest.mark.parametrize("channels_first", [False, True])
def test_contrast_moves_pixels_away_from_their_channels_mean(photographs, channels_first):
    mean = photographs.mean((1, 2), keepdims=True)
    expected = np.clip((photographs - mean) * 1.5 + mean, 0, 255)
    layer = layers.RandomContrast((-0.5, 0.5), data_format="channels_first" if channels_first else "channels_last")
    given = np.moveaxis(photographs, -1, 1) if channels_first else photographs
    found = trained(layer, given)
    close(np.moveaxis(found, 1, -1) if channels_first else found, expected)


def by_colorsys(images, change):
    pixels = [colorsys.hsv_to_rgb(*change(*colorsys.rgb_to_hsv(*pixel))) for pixel in images.reshape(-1, 3) / HIGH]
    return np.array(pixels).reshape(images.shape) * HIGH


def test_hues_turned_by_half_a_circle_are_colorsyss(photographs):
    expected = by_colorsys(photographs, lambda hue, saturation, value: ((hue + 0.5) % 1, saturation, value))
    close(trained(layers.RandomHue((1.0, 1.0)), photographs), expected)
    close(trained(layers.RandomHue((1.0, 1.0), (0, 1)), photographs / HIGH), expected / HIGH, 1e-4)


@pytest.mark.parametrize("share", [-0.2, 0.3, 0.7])
def test_saturations_are_colorsyss(photographs, share):
    factor = share / (1 - share)
    expected = by_colorsys(photographs, lambda hue, sat, value: (hue, min(max(sat * factor, 0), 1), value))
    close(trained(layers.RandomSaturation((share, share)), photographs), expected)
    shares = trained(layers.RandomSaturation((share, share), (-1, 1)), photographs / 127.5 - 1)
    close((shares + 1) * 127.5, expected)


def test_the_strongest_saturation_is_finite(photographs):
    assert np.isfinite(trained(layers.RandomSaturation((1.0, 1.0)), photographs)).all()


def test_blurred_images_are_scipys(photographs):
    layer = layers.RandomGaussianBlur((1.0, 1.0), kernel_size=(3, 5), sigma=(0.8, 0.8))
    expected = photographs.astype("float64")
    for axis, radius in ((1, 1), (2, 2)):
        expected = ndimage.gaussian_filter1d(expected, 0.8, axis=axis, mode="constant", radius=radius)
    close(trained(layer, photographs), expected)


def test_no_blur_at_all_is_finite(photographs):
    layer = layers.RandomGaussianBlur((1.0, 1.0), sigma=0.0)
    close(trained(layer, photographs), photographs)


def test_jitter_is_its_parts_one_after_the_other(photographs):
    layer = layers.RandomColorJitter((0, 255), (0.1, 0.1), (-0.3, 0.3), (0.4, 0.4), None)
    x = np.clip(photographs + 25.5, 0, 255)
    mean = x.mean((1, 2), keepdims=True)
    x = np.clip((x - mean) * 1.3 + mean, 0, 255)
    expected = by_colorsys(x, lambda hue, saturation, value: (hue, saturation * 2 / 3, value))
    close(trained(layer, photographs), expected)


def equalized(channel):
    below = np.array([(channel <= value).sum() for value in range(256)])
    first = below[below > 0].min()
    return np.round((below - first) / (channel.size - first) * 255)[channel]


def test_equalized_channels_have_even_histograms(photographs):
    expected = [np.stack([equalized(image[..., i]) for i in range(3)], -1) for image in photographs]
    close(trained(layers.Equalization(), photographs), np.stack(expected))


def test_equalization_of_an_image_does_not_depend_on_its_neighbours(photographs):
    layer = layers.Equalization()
    close(trained(layer, photographs)[:1], trained(layer, photographs[:1]))


def test_equalization_leaves_channels_of_one_value(photographs):
    close(trained(layers.Equalization(), np.full_like(photographs, 9)), 9.0)


def in_tiles(channel, limit, rows, columns):
    """The method of Zuiderveld, one pixel after the other."""
    height, width = (-(-size // tiles) for size, tiles in zip(channel.shape, (rows, columns), strict=True))
    whole = np.pad(channel, [(0, height * rows - len(channel)), (0, width * columns - channel.shape[1])], "edge")
    tables = {}
    for row in range(rows):
        for column in range(columns):
            tile = whole[row * height : (row + 1) * height, column * width : (column + 1) * width]
            counts = np.bincount(tile.ravel(), minlength=256).astype("float64")
            highest = int(limit * tile.size / 256)
            cut = (counts - highest).clip(0).sum()
            below = (counts.clip(max=highest) + cut / 256).cumsum()
            tables[row, column] = (below - below[0]) / (below[-1] - below[0]) * 255
    result = np.zeros(channel.shape)
    for y, x in np.ndindex(channel.shape):
        down, across = y / height - 0.5, x / width - 0.5
        for row, row_share in ((np.floor(down), 1 - down % 1), (np.floor(down) + 1, down % 1)):
            for column, column_share in ((np.floor(across), 1 - across % 1), (np.floor(across) + 1, across % 1)):
                tile = (int(np.clip(row, 0, rows - 1)), int(np.clip(column, 0, columns - 1)))
                result[y, x] += tables[tile][channel[y, x]] * row_share * column_share
    return result


def test_tiles_are_equalized_as_written_out(photographs):
    layer = layers.ContrastLimitedAdaptiveHistogramEqualization(clip_limit=30.0, tile_grid_size=(2, 3))
    expected = [np.stack([in_tiles(image[..., i], 30.0, 2, 3) for i in range(3)], -1) for image in photographs]
    close(trained(layer, photographs), np.stack(expected))
    kept = convert_to_numpy(layer(photographs))
    assert kept.dtype == "uint8"
    assert np.abs(kept - np.stack(expected)).max() < 1.001


def test_erased_rectangles_have_the_size_and_the_colour_that_were_asked_for():
    layer = layers.RandomErasing((1.0, 1.0), scale=(0.25, 0.25), fill_value=[1.0, 2.0, 3.0], seed=4)
    images = np.full((8, 12, 10, 3), 9.0)
    for image in trained(layer, images):
        erased = image[..., 0] == 1
        assert erased.sum() == 6 * 5
        rows, columns = np.flatnonzero(erased.any(1)), np.flatnonzero(erased.any(0))
        assert (len(rows), len(columns)) == (6, 5)
        assert (image[erased] == [1, 2, 3]).all()
        assert (image[~erased] == 9).all()


def test_noise_of_erased_rectangles_is_within_the_range():
    images = np.full((4, 12, 10, 3), 0.5)
    found = trained(layers.RandomErasing((1.0, 1.0), scale=(0.5, 1.0), value_range=(-1, 1), seed=4), images)
    noise = found[found != 0.5]
    assert len(np.unique(noise)) > 100
    assert noise.min() >= -1
    assert noise.max() <= 1


def test_what_is_drawn_lies_within_the_factors():
    images = np.zeros((200, 1, 1, 3), "float32")

    def drawn(layer, name):
        return convert_to_numpy(layer.get_random_transformation(images)[name]).astype("float64")

    for layer, name, low, high in (
        (layers.RandomBrightness(0.2, seed=1), "rgb_delta", -51, 51),
        (layers.RandomContrast((0.2, 0.5), seed=1), "contrast_factor", 0.8, 1.5),
        (layers.RandomColorDegeneration(0.5, seed=1), "factor", -0.5, 0.5),
        (layers.RandomSaturation((0.2, 0.5), seed=1), "factor", 0.25, 1),
        (layers.RandomSharpness(0.5, seed=1), "factor", 0, 0.5),
        (layers.Solarization((0.2, 0.4), 0, seed=1), "additions", 51, 102),
        (layers.RandomPosterization((2, 5), seed=1), "shift_factor", 4, 6),
    ):
        numbers = drawn(layer, name)
        assert low - 1e-4 <= numbers.min() <= low + (high - low) / 10, layer
        assert high - (high - low) / 10 <= numbers.max() <= high + 1e-4, layer
    turns = drawn(layers.RandomHue((0.2, 0.6), seed=1), "factor")
    assert ((np.abs(turns) >= 0.0999) & (np.abs(turns) <= 0.3001)).all()
    assert 50 < (turns < 0).sum() < 150


def test_probabilities_are_drawn_for_each_image():
    images = np.zeros((400, 1, 1, 3), "float32")
    for layer, name, mean in (
        (layers.RandomInvert((0.2, 0.4), seed=1), "apply_inversion", 0.3),
        (layers.RandomErasing(0.5, seed=1), "apply_erasing", 0.25),
        (layers.RandomGaussianBlur((0.9, 0.9), seed=1), "should_apply_blur", 0.9),
    ):
        happened = convert_to_numpy(layer.get_random_transformation(images)[name])
        assert abs(happened.mean() - mean) < 0.08, layer
    happened = convert_to_numpy(layers.RandomGrayscale(0.3, seed=1).get_random_transformation(images))
    assert abs(happened.mean() - 0.3) < 0.08
