"""Layers that move things in images, against SciPy, Pillow, and a painted rectangle that is looked for afterwards."""

import numpy as np
import pytest
from scipy import ndimage

from kmb_core import layers, ops
from kmb_core.errors import ShapeError

RANDOM = np.random.default_rng(0)
IMAGE = RANDOM.uniform(0, 255, (9, 12, 2)).astype("float32")
PICTURE = np.stack([IMAGE, IMAGE[::-1]])


def numpy(x):
    return np.asarray(ops.convert_to_numpy(x))


# Images, against SciPy ---------------------------------------------------------------------------------------------


def read_at(image, matrix, mode, order=1, cval=0.0):
    """An image read at `matrix @ (x, y, 1)`, by SciPy, which counts rows first."""
    (a, b, c), (d, e, f) = matrix
    channels = [
        ndimage.affine_transform(image[..., n], [[e, d], [b, a]], [f, c], order=order, mode=mode, cval=cval)
        for n in range(image.shape[-1])
    ]
    return np.stack(channels, -1)


def about_middle(matrix):
    middle = np.array([(IMAGE.shape[1] - 1) / 2, (IMAGE.shape[0] - 1) / 2])
    return np.column_stack([matrix, middle - np.array(matrix) @ middle])


TURN = 0.1 * 2 * np.pi
TURNED = [[np.cos(TURN), -np.sin(TURN)], [np.sin(TURN), np.cos(TURN)]]
SIZES = {"height_factor": (0.3, 0.3), "width_factor": (-0.2, -0.2)}
MOVES = {"height_factor": (-0.2, -0.2), "width_factor": (0.15, 0.15)}
AFFINE = {
    "turned": ("RandomRotation", {"factor": (0.1, 0.1)}, about_middle(TURNED)),
    "zoomed": ("RandomZoom", SIZES, about_middle([[0.8, 0], [0, 1.3]])),
    "zoomed evenly": ("RandomZoom", {"height_factor": (0.3, 0.3)}, about_middle([[1.3, 0], [0, 1.3]])),
    "moved": ("RandomTranslation", MOVES, [[1, 0, -1.8], [0, 1, 1.8]]),
}


@pytest.mark.parametrize(
    ("name", "mode"), [*((name, "reflect") for name in AFFINE), ("turned", "constant"), ("moved", "nearest")]
)
def test_images_are_read_where_the_map_says(name, mode):
    kind, options, matrix = AFFINE[name]
    found = numpy(getattr(layers, kind)(**options, fill_mode=mode)(IMAGE, training=True))
    inside = ndimage.binary_erosion(read_at(np.ones_like(IMAGE), matrix, "constant") > 0.999, iterations=1)
    expected = read_at(IMAGE, matrix, mode)
    where = inside if mode == "constant" else np.ones_like(inside)  # SciPy has no half pixel at a constant border
    np.testing.assert_allclose(found[where], expected[where], atol=0.05)


def test_shear_reads_askew_with_either_sign():
    layer = layers.RandomShear((0.25, 0.25), (0.125, 0.125), fill_mode="nearest", seed=1)
    a, b = numpy(layer.get_random_transformation(IMAGE)["shear_factor"])[0]
    assert (abs(a), abs(b)) == (0.25, 0.125)
    found = numpy(layer.transform_images(PICTURE, {"shear_factor": [[a, b]], "input_shape": PICTURE.shape}))
    np.testing.assert_allclose(found[0], read_at(IMAGE, [[1, a, 0], [b, 1, 0]], "nearest"), atol=0.05)


def test_perspective_is_the_map_of_four_points():
    start = np.array([[0, 0], [11, 0], [0, 8], [11, 8]], "float32")
    end = np.array([[0, 0], [9, 0.5], [1, 7], [12, 10]], "float32")
    rows = []
    for (x, y), (u, v) in zip(end.astype(float), start.astype(float), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    system = np.array(rows)
    h = np.append(np.linalg.solve(system[:, :8], system[:, 8]), 1).reshape(3, 3)
    y, x = np.mgrid[:9, :12]
    u, v, k = np.einsum("ij,jyx->iyx", h, np.stack([x, y, np.ones_like(x)]))
    expected = np.stack([ndimage.map_coordinates(IMAGE[..., n], [v / k, u / k], order=1) for n in range(2)], -1)
    given = {"apply_perspective": [True, False], "start_points": start, "end_points": end, "input_shape": PICTURE.shape}
    found = numpy(layers.RandomPerspective(fill_value=0.0).transform_images(PICTURE, given))
    inside = (u / k > 0) & (u / k < 11) & (v / k > 0) & (v / k < 8)
    np.testing.assert_allclose(found[0][inside], expected[inside], atol=0.2)
    np.testing.assert_array_equal(found[1], PICTURE[1])


# Images, against Pillow --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def photograph():
    from sklearn.datasets import load_sample_image

    return np.ascontiguousarray(load_sample_image("china.jpg")[100:164, 200:296])


@pytest.mark.parametrize(("ours", "theirs"), [("bilinear", "BILINEAR"), ("lanczos3", "LANCZOS")])
def test_a_photograph_is_resized_as_by_pillow(photograph, ours, theirs):
    from PIL import Image

    expected = np.asarray(Image.fromarray(photograph).resize((36, 24), Image.Resampling[theirs]))
    found = numpy(layers.Resizing(24, 36, ours, antialias=True)(photograph))
    assert found.dtype == "uint8"
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


def test_a_photograph_is_flipped_and_cut_as_by_pillow(photograph):
    from PIL import Image, ImageOps

    picture = Image.fromarray(photograph)
    flips = {"flips": np.ones((1, 1, 1, 1), bool), "input_shape": photograph.shape}
    for mode, function in (("horizontal", ImageOps.mirror), ("vertical", ImageOps.flip)):
        found = numpy(layers.RandomFlip(mode).transform_images(photograph[None], flips))
        np.testing.assert_array_equal(found[0], np.asarray(function(picture)))
    found = numpy(layers.CenterCrop(20, 30)(photograph))
    np.testing.assert_array_equal(found, np.asarray(picture.crop((33, 22, 63, 42))))


def test_with_the_aspect_ratio_kept_nothing_is_distorted(photograph):
    from PIL import Image

    picture = Image.fromarray(photograph)  # 96 wide, 64 high
    cut = np.asarray(picture.crop((16, 0, 80, 64)).resize((16, 16), Image.Resampling.BILINEAR))
    found = numpy(layers.Resizing(16, 16, antialias=True, crop_to_aspect_ratio=True)(photograph))
    assert np.abs(found.astype(int) - cut.astype(int)).max() <= 1
    framed = Image.new("RGB", (96, 96), (7, 7, 7))
    framed.paste(picture, (0, 16))
    expected = np.asarray(framed.resize((16, 16), Image.Resampling.BILINEAR))
    found = numpy(layers.Resizing(16, 16, antialias=True, pad_to_aspect_ratio=True, fill_value=7)(photograph))
    assert np.abs(found.astype(int) - expected.astype(int)).max() <= 1


# What belongs to images --------------------------------------------------------------------------------------------

PAINTED = [20, 12, 36, 30]  # left, top, right, bottom in an image of 48 x 64
MOVERS = {
    "CenterCrop": {"height": 40, "width": 40},
    "CenterCrop enlarges": {"height": 60, "width": 64},
    "Resizing": {"height": 72, "width": 48},
    "Resizing cuts": {"height": 30, "width": 30, "crop_to_aspect_ratio": True},
    "Resizing pads": {"height": 60, "width": 40, "pad_to_aspect_ratio": True},
    "RandomCrop": {"height": 44, "width": 60, "seed": 1},
    "RandomCrop enlarges": {"height": 60, "width": 64, "seed": 1},
    "RandomFlip": {"mode": "horizontal", "seed": 1},
    "RandomFlip down": {"mode": "vertical", "seed": 1},
    "RandomRotation": {"factor": (0.24, 0.26), "fill_mode": "constant", "seed": 1},
    "RandomZoom": {"height_factor": 0.2, "width_factor": (0.1, 0.3), "fill_mode": "constant", "seed": 1},
    "RandomTranslation": {"height_factor": 0.1, "width_factor": (-0.2, -0.1), "fill_mode": "constant", "seed": 1},
    "RandomShear": {"x_factor": (0.05, 0.15), "y_factor": 0.1, "fill_mode": "constant", "seed": 1},
    "RandomPerspective": {"factor": (1.0, 1.0), "scale": 0.3, "seed": 1},
    "RandomElasticTransform": {"factor": (1.0, 1.0), "scale": (0.3, 0.3), "seed": 1},
}


def painted_box(mask):
    rows, columns = np.where(mask)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)


@pytest.mark.parametrize(("name", "box_format"), [(n, ("xyxy", "rel_yxyx")[i % 2]) for i, n in enumerate(MOVERS)])
def test_boxes_and_masks_stay_where_the_painted_rectangle_is(name, box_format):
    from kmb_core.utils.bounding_boxes import convert_format

    image = np.zeros((1, 48, 64, 1), "float32")
    image[:, PAINTED[1] : PAINTED[3], PAINTED[0] : PAINTED[2]] = 200
    boxes = convert_format(np.array([[PAINTED]], "float32"), "xyxy", box_format, 48, 64)
    given = {
        "images": image,
        "segmentation_masks": (image / 100).astype("int32"),
        "bounding_boxes": {"boxes": boxes, "labels": np.array([[3]])},
    }
    layer = getattr(layers, name.partition(" ")[0])(bounding_box_format=box_format, **MOVERS[name])
    found = layer(given, training=True)
    picture, mask = numpy(found["images"])[0, ..., 0], numpy(found["segmentation_masks"])[0, ..., 0]
    assert mask.dtype == "int32"
    assert {*np.unique(mask)} <= {0, 2}
    assert ((mask == 2) == (picture > 100)).mean() > 0.96  # all but pixels at the rectangle's edges
    height, width = picture.shape
    box = numpy(convert_format(found["bounding_boxes"]["boxes"], box_format, "xyxy", height, width))[0, 0]
    assert np.abs(box - painted_box(picture > 100)).max() <= (2.5 if "Elastic" in name else 1.6)
    assert numpy(found["bounding_boxes"]["labels"]).tolist() == [[3]]


def test_boxes_that_leave_the_image_lose_their_label():
    boxes = {"boxes": np.array([[[0, 0, 2, 2], [5, 4, 7, 6]]], "float32"), "labels": np.array([[1, 2]])}
    found = layers.CenterCrop(4, 4, bounding_box_format="xyxy")({"images": PICTURE[:1], "bounding_boxes": boxes})
    assert numpy(found["bounding_boxes"]["labels"]).tolist() == [[-1, 2]]
    assert numpy(found["bounding_boxes"]["boxes"])[0, 1].tolist() == [1, 2, 3, 4]


def test_parts_of_one_image_have_no_batch():
    boxes = {"boxes": np.array([[1, 2, 5, 6]], "float32"), "labels": np.array([1])}
    layer = layers.RandomFlip("horizontal", bounding_box_format="xyxy", seed=3)
    mask = (IMAGE[..., :1] > 100).astype("int32")
    found = layer({"images": IMAGE, "bounding_boxes": boxes, "segmentation_masks": mask}, training=True)
    flipped = not np.array_equal(numpy(found["images"]), IMAGE)
    assert numpy(found["bounding_boxes"]["boxes"]).tolist() == [[7, 2, 11, 6] if flipped else [1, 2, 5, 6]]
    np.testing.assert_array_equal(numpy(found["segmentation_masks"]), mask[:, ::-1] if flipped else mask)


def test_masks_need_no_channels():
    mask = (PICTURE[..., 0] > 100).astype("int32")
    found = layers.CenterCrop(5, 6)({"images": PICTURE, "segmentation_masks": mask})
    np.testing.assert_array_equal(numpy(found["segmentation_masks"]), mask[:, 2:7, 3:9])


@pytest.mark.parametrize("name", ["CenterCrop", "Resizing", "RandomFlip", "RandomRotation", "RandomPerspective"])
def test_channels_may_come_first(name):
    options = {**MOVERS[name], "seed": 5} if name.startswith("Random") else MOVERS[name]
    last = getattr(layers, name)(**options)
    first = getattr(layers, name)(**options, data_format="channels_first")
    given = last.get_random_transformation(PICTURE, training=True)
    if isinstance(given, dict) and "input_shape" in given:
        other = {**given, "input_shape": np.moveaxis(PICTURE, -1, 1).shape}
    else:
        other = given
    expected = numpy(last.transform_images(PICTURE, given, training=True))
    found = numpy(first.transform_images(np.moveaxis(PICTURE, -1, 1), other, training=True))
    np.testing.assert_allclose(np.moveaxis(found, 1, -1), expected, atol=1e-3)


@pytest.mark.parametrize("name", [n for n in MOVERS if n.startswith("Random") and " " not in n and n != "RandomCrop"])
def test_at_inference_nothing_moves(name):
    data = {"images": PICTURE, "segmentation_masks": PICTURE.astype("int32")[..., :1]}
    found = getattr(layers, name)(**MOVERS[name])(data, training=False)
    np.testing.assert_array_equal(numpy(found["images"]), PICTURE)
    np.testing.assert_array_equal(numpy(found["segmentation_masks"]), data["segmentation_masks"])


# Drawing -----------------------------------------------------------------------------------------------------------


def test_a_crop_is_a_window_at_the_same_place_in_all_images():
    found = numpy(layers.RandomCrop(4, 5, seed=2)(PICTURE, training=True))
    places = [(y, x) for y in range(6) for x in range(8) if np.array_equal(found, PICTURE[:, y : y + 4, x : x + 5])]
    assert len(places) == 1


def test_crops_reach_every_place():
    layer = layers.RandomCrop(8, 11, seed=1)
    seen = {tuple(int(n) for n in layer.get_random_transformation(IMAGE)[:2]) for _ in range(60)}
    assert seen == {(0, 0), (0, 1), (1, 0), (1, 1)}


def test_at_inference_a_crop_is_the_largest_window_resized():
    found = numpy(layers.RandomCrop(3, 3, seed=1)(PICTURE, training=False))
    expected = numpy(layers.Resizing(3, 3)(PICTURE[:, :, 1:10]))
    np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("layer", "key", "low", "high"),
    [
        (layers.RandomRotation, "angle", 36, 72),
        (layers.RandomZoom, "height_zoom", 1.1, 1.2),
        (layers.RandomShear, "shear_factor", -0.2, 0.2),
    ],
)
def test_what_is_drawn_fills_its_range(layer, key, low, high):
    many = np.zeros((400, 2, 2, 1), "float32")
    found = numpy(layer((0.1, 0.2), seed=1).get_random_transformation(many)[key])
    found = found[..., 0] if found.ndim > 1 else found
    width = high - low
    assert low <= found.min() < low + 0.1 * width
    assert high - 0.1 * width < found.max() <= high


@pytest.mark.parametrize("layer", [layers.RandomPerspective, layers.RandomElasticTransform])
def test_a_probability_decides_for_each_image(layer):
    many = np.zeros((400, 2, 2, 1), "float32")
    for factor, share in ((0.0, 0.0), ((1.0, 1.0), 1.0), ((0.3, 0.3), 0.3), (1.0, 0.5)):
        drawn = layer(factor, seed=1).get_random_transformation(many)
        apply = drawn["apply_perspective" if "apply_perspective" in drawn else "apply_transform"]
        assert abs(numpy(apply).mean() - share) < 0.08


def test_rubber_is_stretched_smoothly():
    layer = layers.RandomElasticTransform((1.0, 1.0), (0.5, 0.5), seed=1)
    alpha, sigma = layer.get_elastic_transform_params(40, 60, 0.5)
    assert (alpha, sigma) == (3.0, 1.0)
    moved = numpy(layer.get_random_transformation(np.zeros((4, 40, 60, 1), "float32"))["displacements"])
    inner = moved[:, 8:-8, 8:-8]
    # normal numbers smoothed over two axes keep 1 / (2 sqrt(pi)) of their deviation, for a window of one pixel
    assert abs(inner.std() / (alpha / (2 * np.sqrt(np.pi))) - 1) < 0.15
    assert np.abs(np.diff(inner, axis=2)).mean() < 0.9 * np.abs(inner).mean()


# Mixtures ----------------------------------------------------------------------------------------------------------

FOUR = np.stack([np.full((10, 10, 1), n, "float32") for n in (0, 1, 2, 3)])


def test_a_cut_mixture_weighs_labels_by_area():
    given = {"images": FOUR, "labels": np.eye(4, dtype="float32"), "segmentation_masks": FOUR.astype("int32")}
    found = layers.CutMix(seed=4)(given, training=True)
    images, labels = numpy(found["images"]), numpy(found["labels"])
    np.testing.assert_array_equal(numpy(found["segmentation_masks"]), images)
    for own, (image, label) in enumerate(zip(images, labels, strict=True)):
        shares = np.array([(image == n).mean() for n in range(4)])
        np.testing.assert_allclose(label, shares, atol=1e-5)
        others = image[..., 0] != own
        assert not others.any() or others[np.ix_(others.any(1), others.any(0))].all()  # one rectangle


def test_a_mixture_weighs_images_and_labels_alike():
    boxes = {"boxes": RANDOM.uniform(0, 9, (4, 2, 4)).astype("float32"), "labels": np.arange(8).reshape(4, 2)}
    layer = layers.MixUp(2.0, seed=2, bounding_box_format="xyxy")
    found = layer({"images": FOUR, "labels": np.eye(4, dtype="float32"), "bounding_boxes": boxes}, training=True)
    labels = numpy(found["labels"])
    np.testing.assert_allclose(numpy(found["images"])[:, 0, 0, 0], labels @ np.arange(4), atol=1e-5)
    np.testing.assert_allclose(labels.sum(1), 1, atol=1e-5)
    numbers = numpy(found["bounding_boxes"]["labels"])
    np.testing.assert_array_equal(numbers[:, :2], boxes["labels"])
    np.testing.assert_array_equal(numpy(found["bounding_boxes"]["boxes"])[:, 2:], boxes["boxes"][numbers[:, 2] // 2])


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_weights_are_of_a_beta_distribution(alpha):
    from scipy import stats

    weights = numpy(layers.MixUp(alpha, seed=1).get_random_transformation(np.zeros((2000, 1, 1, 1)))["mix_weight"])
    assert stats.kstest(weights, stats.beta(alpha, alpha).cdf).pvalue > 1e-3


def test_hardly_any_mixing_has_finite_weights():
    weights = numpy(layers.MixUp(0.0, seed=1).get_random_transformation(np.zeros((500, 1, 1, 1)))["mix_weight"])
    assert np.isfinite(weights).all()
    assert weights.min() >= 0
    assert weights.max() <= 1


def test_boxes_are_counted():
    boxes = {"boxes": np.ones((2, 3, 4), "float32"), "labels": np.arange(6).reshape(2, 3)}
    for count, expected in ((2, [[0, 1], [3, 4]]), (4, [[0, 1, 2, -1], [3, 4, 5, -1]])):
        layer = layers.MaxNumBoundingBoxes(count, bounding_box_format="xyxy")
        found = layer({"images": PICTURE.astype("uint8"), "bounding_boxes": boxes})
        assert numpy(found["bounding_boxes"]["labels"]).tolist() == expected
        assert tuple(found["bounding_boxes"]["boxes"].shape) == (2, count, 4)
        assert numpy(found["images"]).dtype == "uint8"


# Wrong arguments ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: layers.CenterCrop(0, 3), "CenterCrop .*height and width are positive integers, got height=0"),
        (lambda: layers.Resizing(3, 2.5), "Resizing .*positive integers, got height=3, width=2.5"),
        (lambda: layers.Resizing(3, 3, "cubic"), "Resizing .*interpolation is one of .*got 'cubic'"),
        (lambda: layers.Resizing(3, 3, crop_to_aspect_ratio=True, pad_to_aspect_ratio=True), "exclude each other"),
        (lambda: layers.RandomCrop(-1, 3), "RandomCrop .*height=-1"),
        (lambda: layers.RandomFlip("both"), "RandomFlip .*mode is one of .*got 'both'"),
        (lambda: layers.RandomRotation(2.0), "RandomRotation .*factor is a number from -1 to 1.*got 2.0"),
        (lambda: layers.RandomRotation(0.1, "mirrored"), "RandomRotation .*fill_mode is one of .*got 'mirrored'"),
        (lambda: layers.RandomZoom(-1), "RandomZoom .*height_factor is above -1 and up to 1.*got -1"),
        (lambda: layers.RandomZoom(0.1, (0, 2)), r"width_factor is above -1.*got \(0, 2\)"),
        (lambda: layers.RandomTranslation(1.5, 0), "RandomTranslation .*height_factor is from -1 to 1.*got 1.5"),
        (lambda: layers.RandomShear(-0.1), "RandomShear .*x_factor is from 0 to 1.*got -0.1"),
        (lambda: layers.RandomPerspective(scale=2), "RandomPerspective .*scale is from 0 to 1, got 2"),
        (lambda: layers.RandomElasticTransform(scale=2), "RandomElasticTransform .*scale is .*got 2"),
        (lambda: layers.MaxNumBoundingBoxes(2.5), "MaxNumBoundingBoxes .*max_number is an integer.*got 2.5"),
        (lambda: layers.CutMix(-1), "CutMix .*factor is a number from 0 to 1.*got -1"),
        (lambda: layers.MixUp("much"), "MixUp .*alpha is a number, not negative; got 'much'"),
    ],
)
def test_wrong_arguments_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_boxes_without_a_format_are_refused():
    boxes = {"boxes": np.ones((2, 3, 4), "float32"), "labels": np.ones((2, 3))}
    with pytest.raises(ValueError, match=r"RandomFlip .*bounding boxes, and the layer is not told their format"):
        layers.RandomFlip()({"images": PICTURE, "bounding_boxes": boxes})


def test_two_axes_are_no_image():
    with pytest.raises(ShapeError, match=r"CenterCrop .*got shape \(9, 12\)"):
        layers.CenterCrop(2, 2)(IMAGE[..., 0])


def test_cut_mixtures_refuse_boxes():
    boxes = {"boxes": np.ones((2, 3, 4), "float32"), "labels": np.ones((2, 3))}
    with pytest.raises(NotImplementedError, match=r"CutMix .*no box"):
        layers.CutMix(bounding_box_format="xyxy")({"images": PICTURE, "bounding_boxes": boxes}, training=True)
