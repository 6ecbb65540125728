"""Rows of `ops.image`. The oracles visit one element after the other; borders are NumPy's, colours Python's."""

import colorsys
import itertools
import math

import numpy as np

from kmb_core.conformance.row import FLOATS, Table, fixed, integers, numbers

TABLE = Table()

FIRST, LAST = {"data_format": "channels_first"}, {"data_format": "channels_last"}


def channels_last(oracle):
    """The oracle for one image with its channels last, for batches and for channels first too."""

    def general(images, *args, data_format=None, **options):
        single = images.ndim == 3
        batch = images[None] if single else images
        batch = np.moveaxis(batch, 1, -1) if data_format == "channels_first" else batch
        result = np.stack([oracle(image, *args, **options) for image in batch])
        result = np.moveaxis(result, 3, 1) if data_format == "channels_first" else result
        return result[0] if single else result

    return general


def rounded(values, like):
    """Integers for integers, kept in their range."""
    if like.dtype.kind == "f":
        return values
    bounds = np.iinfo(like.dtype)
    return np.clip(np.rint(values), bounds.min, bounds.max).astype(like.dtype)


# Resizing --------------------------------------------------------------------------------------------------------


def lanczos(x, radius):
    """sinc under sinc."""
    if x == 0:
        return 1.0
    return radius * math.sin(math.pi * x) * math.sin(math.pi * x / radius) / (math.pi * x) ** 2 if x < radius else 0.0


def keys(x):
    """The cubic of 1981, a = -1/2."""
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


KERNELS = {
    "bilinear": lambda x: max(1 - x, 0.0),
    "bicubic": keys,
    "lanczos3": lambda x: lanczos(x, 3),
    "lanczos5": lambda x: lanczos(x, 5),
}


def line(values, new, scale, translation, method, antialias):
    """A line, or lines side by side, stretched and moved."""
    size = len(values)
    result = np.zeros((new, *values.shape[1:]))
    for place in range(new):
        centre = (place + 0.5 - translation) / scale - 0.5
        if not -0.5 <= centre <= size - 0.5:
            continue
        width = max(1 / scale, 1.0) if antialias else 1.0
        weights = [KERNELS[method](abs(centre - old) / width) for old in range(size)]
        result[place] = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    return result


def mean_over(values, new):
    """The mean over the span of each new element, of a line cut in equal pieces."""
    pieces = np.repeat(values, new, 0).reshape(new, len(values), *values.shape[1:])
    return pieces.mean(1)


def resized_line(values, new, method, antialias):
    """A line in another size."""
    if method == "nearest":
        return values[[((2 * place + 1) * len(values)) // (2 * new) for place in range(new)]]
    if method == "area":
        return mean_over(values, new)
    return line(values, new, new / len(values), 0.0, method, antialias)


def resized(
    image, size, method="bilinear", antialias=False, crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, **fill
):
    """Columns, then rows."""
    (height, width), (new_height, new_width) = image.shape[:2], size
    if crop_to_aspect_ratio:
        rows, columns = min(height, width * new_height // new_width), min(width, height * new_width // new_height)
        top, left = (height - rows) // 2, (width - columns) // 2
        image = image[top : top + rows, left : left + columns]
    if pad_to_aspect_ratio:
        down = max(0, (width * new_height // new_width - height) // 2)
        across = max(0, (height * new_width // new_height - width) // 2)
        image = np.pad(image, [(down, down), (across, across), (0, 0)], constant_values=fill.get("fill_value", 0))
    result = resized_line(
        np.swapaxes(resized_line(np.swapaxes(image, 0, 1), new_width, method, antialias), 0, 1),
        new_height,
        method,
        antialias,
    )
    return rounded(result, image)


resize = channels_last(resized)
SMOOTH = {"gradients": True, "unknown_batch": 1}

TABLE.add("resize", resize, numbers(2, 4, 5, 2), (3, 7), **SMOOTH, **LAST)
TABLE.add("resize", resize, numbers(1, 2, 5, 4), (7, 2), "bicubic", **SMOOTH, **FIRST)
TABLE.add("resize", resize, numbers(20, 3, 1), (9, 3), "bilinear", **SMOOTH, **LAST)  # few neighbours of many
TABLE.add("resize", resize, numbers(5, 4, 1), (2, 9), "lanczos3", True, **SMOOTH, **LAST)
TABLE.add("resize", resize, numbers(2, 6, 3, 1), (4, 2), "lanczos5", **SMOOTH, **LAST)
TABLE.add("resize", resize, numbers(6, 5, 2), (4, 3), "area", **SMOOTH, **LAST)
TABLE.add(
    "resize", resize, numbers(2, 5, 4, 1), (3, 6), "nearest", dtypes=(*FLOATS, "int32", "uint8"), **SMOOTH, **LAST
)
TABLE.add("resize", resize, numbers(1, 5, 8, 1), (3, 3), "bilinear", True, crop_to_aspect_ratio=True, **SMOOTH, **LAST)
TABLE.add("resize", resize, numbers(1, 4, 7, 1), (5, 5), pad_to_aspect_ratio=True, fill_value=0.5, **SMOOTH, **LAST)
TABLE.add("resize", resize, integers(1, 4, 5, 1, high=256, dtype="uint8"), (3, 7), "bicubic", dtypes=("uint8",), **LAST)
TABLE.add(
    "resize",
    lambda x, size, **_: np.zeros((0, *size, 2), x.dtype),
    numbers(0, 4, 5, 2),
    (3, 7),
    unknown_batch=1,
    **LAST,
)


def scaled(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """One axis after the other."""
    result = images.astype("float64")
    kernel = {"linear": "bilinear", "cubic": "bicubic"}.get(method, method)
    for axis, factor, distance in zip(spatial_dims, scale, translation, strict=True):
        moved = np.moveaxis(result, axis, 0)
        result = np.moveaxis(line(moved, output_shape[axis], factor, distance, kernel, antialias), 0, axis)
    return rounded(result, images)


SCALES = fixed([0.6, 1.3]), fixed([0.37, -0.64])
PRECISE = {"unknown_batch": 1, "tolerance": 4e-6, "low_tolerance": 0.1}

TABLE.add(
    "scale_and_translate", scaled, numbers(5, 4, 2), (4, 6, 2), *SCALES, (0, 1), "linear", gradients=True, **PRECISE
)
TABLE.add("scale_and_translate", scaled, numbers(2, 5, 4), (2, 4, 7), *SCALES, (1, -1), "cubic", False, **PRECISE)
TABLE.add("scale_and_translate", scaled, numbers(6), (5,), fixed([0.7]), fixed([1.2]), (0,), "lanczos3", **PRECISE)


# Borders and patches ---------------------------------------------------------------------------------------------


def cropped(image, top, left, bottom, right):
    """What lies inside."""
    return image[top : image.shape[0] - bottom, left : image.shape[1] - right]


def padded(image, top, left, bottom, right):
    """With zeros around."""
    return np.pad(image, [(top, bottom), (left, right), (0, 0)])


def by_target(oracle, *amounts):
    """The oracle, given the amounts that follow from a target."""
    return channels_last(lambda image, *_, **__: oracle(image, *amounts))


EXACT = {"dtypes": (*FLOATS, "int32", "uint8", "bool"), "unknown_batch": 1}
TABLE.add("crop_images", channels_last(cropped), numbers(2, 5, 6, 2), 1, 2, 1, 0, gradients=True, **EXACT, **LAST)
TABLE.add(
    "crop_images",
    by_target(cropped, 1, 2, 2, 1),
    numbers(1, 2, 5, 6),
    1,
    2,
    target_height=2,
    target_width=3,
    unknown_batch=1,
    **FIRST,
)
TABLE.add("crop_images", by_target(cropped, 2, 0, 1, 4), numbers(5, 6, 2), None, 0, 1, 4, 2, **LAST)
TABLE.add("pad_images", channels_last(padded), numbers(2, 3, 2, 2), 1, 2, 1, 0, gradients=True, **EXACT, **LAST)
TABLE.add(
    "pad_images",
    by_target(padded, 1, 2, 2, 1),
    numbers(1, 2, 3, 2),
    1,
    2,
    target_height=6,
    target_width=5,
    unknown_batch=1,
    **FIRST,
)
TABLE.add("pad_images", by_target(padded, 2, 0, 1, 4), numbers(3, 2, 2), None, 0, 1, 4, 6, **LAST)


def patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """One window after the other."""
    rank = 2 if isinstance(size, int) else len(size)
    single = images.ndim == rank + 1
    x = images[None] if single else images
    x = np.moveaxis(x, 1, -1) if data_format == "channels_first" else x
    window = (size,) * rank if isinstance(size, int) else size
    steps = window if strides is None else (strides,) * rank if isinstance(strides, int) else strides
    extents = [(width - 1) * dilation_rate + 1 for width in window]
    around = [(0, 0)] * x.ndim
    for axis in range(rank) if padding == "same" else ():
        length = x.shape[axis + 1]
        total = max((math.ceil(length / steps[axis]) - 1) * steps[axis] + extents[axis] - length, 0)
        around[axis + 1] = (total // 2, total - total // 2)
    x = np.pad(x, around)
    counts = [(length - extent) // step + 1 for length, extent, step in zip(x.shape[1:-1], extents, steps, strict=True)]
    result = np.zeros((len(x), *counts, math.prod(window) * x.shape[-1]), x.dtype)
    for place in itertools.product(*map(range, counts)):
        spans = [slice(p * s, p * s + e, dilation_rate) for p, s, e in zip(place, steps, extents, strict=True)]
        result[(slice(None), *place)] = x[(slice(None), *spans)].reshape(len(x), result.shape[-1])
    result = np.moveaxis(result, -1, 1) if data_format == "channels_first" else result
    return result[0] if single else result


TABLE.add("extract_patches", patches, numbers(2, 5, 4, 2), (2, 2), gradients=True, **EXACT, **LAST)
TABLE.add(
    "extract_patches",
    patches,
    numbers(1, 5, 6, 2),
    (3, 2),
    (1, 2),
    padding="same",
    gradients=True,
    unknown_batch=1,
    **LAST,
)
TABLE.add("extract_patches", patches, numbers(6, 5, 1), 3, 1, 2, unknown_batch=0, **LAST)
TABLE.add(
    "extract_patches", patches, numbers(2, 2, 5, 4), (2, 3), 1, unknown_batch=1, dtypes=(*FLOATS, "uint8"), **FIRST
)
TABLE.add("extract_patches", patches, numbers(1, 4, 3, 4, 1), (2, 2, 2), 2, 1, "same", unknown_batch=1, **LAST)
TABLE.add("extract_patches", patches, numbers(0, 4, 4, 1), 2, unknown_batch=1, **LAST)


# Sampling --------------------------------------------------------------------------------------------------------

NUMPY_MODES = {"constant": "constant", "nearest": "edge", "wrap": "wrap", "mirror": "reflect", "reflect": "symmetric"}
MARGIN = 12  # farther outside nothing is read


def read(x, places, order, mode, fill):
    """The value between the elements at places, one number for each axis."""
    options = {"constant_values": fill} if mode == "constant" else {}
    rank = len(places)
    wide = np.pad(x, [(MARGIN, MARGIN)] * rank + [(0, 0)] * (x.ndim - rank), NUMPY_MODES[mode], **options)
    if order == 0:
        return wide[tuple(int(math.copysign(math.floor(abs(p) + 0.5), p)) + MARGIN for p in places)]
    total = np.zeros(x.shape[rank:])
    for corner in itertools.product((0, 1), repeat=rank):
        below = [math.floor(p) for p in places]
        share = math.prod(p - b if one else 1 - (p - b) for p, b, one in zip(places, below, corner, strict=True))
        total = total + share * wide[tuple(b + one + MARGIN for b, one in zip(below, corner, strict=True))]
    return total if x.dtype.kind == "f" else np.sign(total) * np.floor(np.abs(total) + 0.5)


def mapped(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """One place after the other."""
    result = np.empty(coordinates.shape[1:], inputs.dtype)
    for place in np.ndindex(result.shape):
        result[place] = read(inputs, [axis[place] for axis in coordinates], order, fill_mode, fill_value)
    return result


PLACES = fixed([[-5.3, -1.2, -0.3, 0.4, 2.7, 3.6, 6.9], [1.3, -2.6, 0.2, 4.1, 3.2, 1.6, -0.7]], "float32")
for mode in NUMPY_MODES:
    TABLE.add("map_coordinates", mapped, numbers(4, 5), PLACES, 1, mode, 0.5, tolerance=2e-6, unknown_batch=0)
TABLE.add(
    "map_coordinates",
    mapped,
    numbers(4, 5),
    fixed([[-0.3, 0.4, 3.6], [1.3, 2.1, 0.6]]),
    1,
    "reflect",
    tolerance=2e-6,
    low_tolerance=0.1,
    gradients=True,
    unknown_batch=0,
)
TABLE.add("map_coordinates", mapped, integers(4, 5, high=99), PLACES, 1, "wrap", dtypes=("int32",))
TABLE.add("map_coordinates", mapped, numbers(4, 5), PLACES, 0, "mirror", dtypes=(*FLOATS, "int32"))
TABLE.add("map_coordinates", mapped, numbers(4), fixed([[-0.5, 0.5, 1.5, 3.5]], "float32"), 0, "constant", 7)
TABLE.add("map_coordinates", mapped, numbers(4), fixed(np.zeros((1, 0)), "float32"), 1)


def warped(image, places, interpolation, mode, fill):
    """Each pixel read at its place (x, y)."""
    order = 1 if interpolation == "bilinear" else 0
    result = np.empty(image.shape, image.dtype)
    for row, column in np.ndindex(image.shape[:2]):
        x, y = places(column, row)
        result[row, column] = read(image, [y, x], order, mode, fill)
    return result


def each_image(oracle):
    """The oracle for one image and its own arguments, for batches and for channels first too."""

    def general(images, *arrays_and_options, data_format=None, **options):
        arrays = [a for a in arrays_and_options if isinstance(a, np.ndarray)]
        others = arrays_and_options[len(arrays) :]
        single = images.ndim == 3
        x = images[None] if single else images
        x = np.moveaxis(x, 1, -1) if data_format == "channels_first" else x
        alike = [a if a.ndim == oracle.ranks and len(a) == len(x) else [a] * len(x) for a in arrays]
        result = np.stack([oracle(image, *own, *others, **options) for image, *own in zip(x, *alike, strict=True)])
        result = np.moveaxis(result, 3, 1) if data_format == "channels_first" else result
        return result[0] if single else result

    return general


def affine(image, transform, interpolation="bilinear", fill_mode="constant", fill_value=0):
    """The formula of the docstring."""
    a0, a1, a2, b0, b1, b2, c0, c1 = transform

    def places(x, y):
        k = c0 * x + c1 * y + 1
        return (a0 * x + a1 * y + a2) / k, (b0 * x + b1 * y + b2) / k

    return warped(image, places, interpolation, fill_mode, fill_value)


def perspective(image, start, end, interpolation="bilinear", fill_value=0):
    """The eight numbers from eight equations: each end point is read at its start point."""
    rows, known = [], []
    for (u, v), (x, y) in zip(start, end, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        known += [u, v]
    return affine(image, np.linalg.solve(np.array(rows), np.array(known)), interpolation, "constant", fill_value)


affine.ranks, perspective.ranks = 2, 3

TURNS = [[1.2, 0.13, -1.03, 0.04, 0.91, 0.72, 0, 0], [0.81, -0.33, 1.31, 0.22, 1.07, -2.02, 0.05, -0.03]]
TURN = fixed(TURNS)
WARPED = {"tolerance": 1e-5, "low_tolerance": 0.1}
TABLE.add(
    "affine_transform", each_image(affine), numbers(2, 4, 5, 2), TURN, fill_value=0.5, gradients=True, **WARPED, **LAST
)
TABLE.add("affine_transform", each_image(affine), numbers(2, 2, 4, 5), TURN, "bilinear", "reflect", **WARPED, **FIRST)
TABLE.add(
    "affine_transform",
    each_image(affine),
    numbers(2, 4, 5, 1),
    fixed(TURNS, "float32"),
    "nearest",
    "wrap",
    dtypes=(*FLOATS, "uint8"),
    **LAST,
)
TABLE.add(
    "affine_transform",
    each_image(affine),
    numbers(3, 4, 1),
    fixed([1.1, 0.21, 0.27, -0.2, 0.93, 0.46, 0.01, 0.02]),
    gradients=True,
    unknown_batch=0,
    **WARPED,
    **LAST,
)

START = fixed([[[0.0, 0.0], [0.0, 4.0], [5.0, 0.0], [5.0, 4.0]]] * 2)
END = fixed([[[1.0, 0.5], [0.3, 3.6], [4.8, -1.0], [5.5, 3.7]], [[1.0, 1.0], [1.2, 3.0], [4.0, 0.3], [5.0, 4.4]]])
TABLE.add(
    "perspective_transform", each_image(perspective), numbers(2, 4, 5, 2), START, END, fill_value=0.5, **WARPED, **LAST
)
TABLE.add(
    "perspective_transform",
    each_image(perspective),
    numbers(1, 2, 4, 5),
    fixed([[[0.0, 0.0], [0.0, 4.0], [5.0, 0.0], [5.0, 4.0]]]),
    fixed([[[1.1, 0.6], [0.3, 3.6], [4.8, -1.0], [5.5, 3.7]]]),
    gradients=True,
    **WARPED,
    **FIRST,
)
TABLE.add(
    "perspective_transform",
    each_image(perspective),
    numbers(4, 5, 1),
    fixed([[0, 0], [0, 4], [5, 0], [5, 4]], "float32"),
    fixed([[1.1, 0.6], [0.3, 3.6], [4.8, -1.0], [5.5, 3.7]], "float32"),
    "nearest",
    dtypes=(*FLOATS, "uint8"),
    unknown_batch=0,
    **LAST,
)

UNTRACED = {"compiled": False, "unknown_batch": 1}
TABLE.add("elastic_transform", None, numbers(2, 5, 6, 2), 2.0, 1.5, seed=1, **UNTRACED, **LAST)
TABLE.add(
    "elastic_transform",
    None,
    numbers(2, 5, 6),
    interpolation="nearest",
    fill_mode="constant",
    seed=1,
    **UNTRACED,
    **FIRST,
)
TABLE.add("elastic_transform", lambda x, *_, **__: x, numbers(2, 5, 6, 2), 0.0, gradients=True, **UNTRACED, **LAST)


# Colours and filters ---------------------------------------------------------------------------------------------


def converted(function):
    """A function of Python's, pixel by pixel."""
    return channels_last(lambda image: np.apply_along_axis(lambda pixel: np.array(function(*pixel)), -1, image))


UNIT = {"low": 0.02, "high": 0.98}
HUED = {"gradients": True, "unknown_batch": 1, "low_tolerance": 0.1}
TABLE.add("rgb_to_hsv", converted(colorsys.rgb_to_hsv), numbers(2, 3, 4, 3, **UNIT), **HUED, **LAST)
TABLE.add(
    "rgb_to_hsv", converted(colorsys.rgb_to_hsv), numbers(3, 3, 4, **UNIT), unknown_batch=0, low_tolerance=0.1, **FIRST
)
PURE = [[[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1]]]
TABLE.add("rgb_to_hsv", converted(colorsys.rgb_to_hsv), fixed(PURE), **LAST)
TABLE.add("hsv_to_rgb", converted(colorsys.hsv_to_rgb), numbers(2, 3, 4, 3, **UNIT), **HUED, **LAST)
TABLE.add(
    "hsv_to_rgb", converted(colorsys.hsv_to_rgb), numbers(3, 3, 4, **UNIT), unknown_batch=0, low_tolerance=0.1, **FIRST
)
TABLE.add("hsv_to_rgb", converted(colorsys.hsv_to_rgb), fixed(PURE), **LAST)


def grey(image):
    """How bright it looks."""
    return (image @ np.array([0.2989, 0.587, 0.114]))[..., None].astype(image.dtype)


TABLE.add("rgb_to_grayscale", channels_last(grey), numbers(2, 3, 4, 3), **SMOOTH, **LAST)
TABLE.add("rgb_to_grayscale", channels_last(grey), numbers(1, 3, 2, 4), unknown_batch=1, **FIRST)
TABLE.add(
    "rgb_to_grayscale", channels_last(grey), integers(3, 4, 3, high=256, dtype="uint8"), dtypes=("uint8",), **LAST
)
TABLE.add("rgb_to_grayscale", lambda x, **_: x, numbers(3, 4, 1), **LAST)


def bell(width, sigma):
    """Weights of a window."""
    values = np.array([math.exp(-((place - (width - 1) / 2) ** 2) / (2 * sigma**2)) for place in range(width)])
    return values / values.sum()


def correlated(image, kernel, around):
    """Each window of a padded image times the kernel."""
    wide = np.pad(image, [*around, (0, 0)])
    rows, columns = kernel.shape
    result = np.empty((wide.shape[0] - rows + 1, wide.shape[1] - columns + 1, image.shape[2]))
    for row, column in np.ndindex(result.shape[:2]):
        result[row, column] = np.einsum("ab,abc->c", kernel, wide[row : row + rows, column : column + columns])
    return result


def blurred(image, kernel_size=(3, 3), sigma=(1.0, 1.0)):
    """Outside all is 0."""
    kernel = np.outer(bell(kernel_size[0], sigma[0]), bell(kernel_size[1], sigma[1]))
    around = [((width - 1) // 2, width // 2) for width in kernel_size]
    return rounded(correlated(image, kernel, around), image)


TABLE.add("gaussian_blur", channels_last(blurred), numbers(2, 4, 5, 2), **SMOOTH, **LAST)
TABLE.add("gaussian_blur", channels_last(blurred), numbers(1, 2, 17, 4), (3, 4), (0.8, 1.5), **SMOOTH, **FIRST)
TABLE.add(
    "gaussian_blur",
    channels_last(blurred),
    integers(5, 4, 1, high=256, dtype="uint8"),
    (5, 3),
    dtypes=("uint8",),
    **LAST,
)

ACROSS = np.array([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]])


def edges(image):
    """(dy, dx)"""
    return np.stack([correlated(image, kernel, [(1, 1), (1, 1)]) for kernel in (ACROSS.T, ACROSS)], -1)


TABLE.add("sobel_edges", channels_last(edges), numbers(2, 4, 5, 2), tolerance=2e-6, low_tolerance=0.1, **SMOOTH, **LAST)
TABLE.add(
    "sobel_edges", channels_last(edges), numbers(1, 2, 3, 4), tolerance=2e-6, low_tolerance=0.1, **SMOOTH, **FIRST
)
TABLE.add("sobel_edges", channels_last(edges), integers(1, 3, 3, 1, high=256, dtype="uint8"), dtypes=("uint8",), **LAST)


def similarity(first, second, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """Moments of each window."""
    single = first.ndim == 3
    pairs = [(first, second)] if single else zip(first, second, strict=True)
    weights = np.outer(bell(filter_size, filter_sigma), bell(filter_size, filter_sigma))[..., None]
    c1, c2, result = (k1 * max_val) ** 2, (k2 * max_val) ** 2, []
    for one, other in pairs:
        one, other = (np.moveaxis(x, 0, -1) if data_format == "channels_first" else x for x in (one, other))
        found = []
        for row, column in np.ndindex(one.shape[0] - filter_size + 1, one.shape[1] - filter_size + 1):
            a, b = (x[row : row + filter_size, column : column + filter_size] for x in (one, other))
            ma, mb = (weights * a).sum((0, 1)), (weights * b).sum((0, 1))
            spread = (weights * ((a - ma) ** 2 + (b - mb) ** 2)).sum((0, 1))
            both = (weights * (a - ma) * (b - mb)).sum((0, 1))
            found.append((2 * ma * mb + c1) * (2 * both + c2) / ((ma**2 + mb**2 + c1) * (spread + c2)))
        result.append(np.mean(found))
    return np.array(result[0] if single else result)


ALIKE = {"tolerance": 2e-5, "low_tolerance": 0.1, "gradients": True}
TABLE.add(
    "ssim",
    similarity,
    numbers(2, 5, 4, 2, low=0.2, high=0.9),
    numbers(2, 5, 4, 2, low=0.2, high=0.9),
    filter_size=3,
    **ALIKE,
    **LAST,
)
TABLE.add(
    "ssim",
    similarity,
    numbers(2, 4, 5, low=0.2, high=0.9),
    numbers(2, 4, 5, low=0.2, high=0.9),
    2.0,
    4,
    1.2,
    0.02,
    0.05,
    unknown_batch=0,
    **ALIKE,
    **FIRST,
)
