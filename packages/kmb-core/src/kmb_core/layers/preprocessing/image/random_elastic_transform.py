"""RandomElasticTransform: images as if printed on rubber."""

from typing import Any

from kmb_core.layers.preprocessing.image.arguments import bounded_range, is_number, number_range, pixel_range
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.layers.preprocessing.image.pixel_values import clipped
from kmb_core.ops.arithmetic import add, maximum, minimum, multiply, square, subtract, true_divide
from kmb_core.ops.arithmetic import round as rounded
from kmb_core.ops.comparison import less, where
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.functions import exp
from kmb_core.ops.image.layout import check_choice, working_dtype
from kmb_core.ops.image.sampling import FILL_MODES, ORDERS
from kmb_core.ops.image.transforms import warped
from kmb_core.ops.indexing import get_item, take_along_axis
from kmb_core.ops.manipulation import concatenate, expand_dims, reshape, split
from kmb_core.ops.products import einsum
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.reduction import min as smallest
from kmb_core.ops.reduction import sum as total
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.draws import normal, uniform
from kmb_core.serialization import saved_as

THINNEST = 1e-3  # stands for a window of width 0


@saved_as("keras.layers")
class RandomElasticTransform(GeometricLayer):
    """While training, deform some images by displacements that change smoothly from pixel to pixel.

    With a distortion d, the same for a batch, displacements are normal numbers of deviation sigma, smoothed by a
    Gaussian window of deviation sigma and multiplied by alpha: `sigma = 0.05 d min(height, width)` and
    `alpha = 0.1 d max(height, width)`, in pixels.

    Args:
        factor: how probable that is, drawn for each image between two numbers; one number stands for from 0 to that.
        scale: d is drawn between these two numbers, from 0 to 1; one number stands for from 0 to that.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        fill_value: the constant k.
        value_range: the lowest and the highest value of a pixel.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Masks are deformed like their images; boxes go around eight points of their
    border, which are moved.

    Raises:
        ValueError: for another factor, scale or range, or an unknown mode.

    Source: Simard, Steinkraus and Platt, "Best Practices for Convolutional Neural Networks", 2003, section 2.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomElasticTransform((1.0, 1.0), value_range=(0, 1))
        >>> round(float(kmb_core.ops.min(layer(kmb_core.ops.ones((8, 8, 1)), training=True))), 4)
        1.0
    """

    def __init__(
        self,
        factor: Any = 1.0,
        scale: Any = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Any = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.scale = bounded_range("scale", scale, 0, (0, 1), self._where())
        check_choice(interpolation, tuple(ORDERS), "interpolation", self._where())
        check_choice(fill_mode, FILL_MODES, "fill_mode", self._where())
        if not is_number(fill_value):
            raise ValueError(f"{self._where()}: fill_value is a number, got {fill_value!r}")
        self.interpolation, self.fill_mode, self.fill_value = interpolation, fill_mode, fill_value
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"apply_transform": which images, `(batch,)`, "distortion_factor": d, "displacements": how far right and down
        each pixel is read, `(batch, height, width, 2)`}; None when not training.
        """
        if not training:
            return None
        images = data["images"] if isinstance(data, dict) else data
        seed, dtype, batch = self.generator if seed is None else seed, self._drawing_dtype, self._batch_size(data)
        limit = uniform((batch,), *self.factor, dtype, seed)
        apply = less(uniform((batch,), 0.0, 1.0, dtype, seed), limit)
        distortion = uniform((), *self.scale, dtype, seed)
        moved = self._displacements(batch, *self._size(images), distortion, seed)
        return {"apply_transform": apply, "distortion_factor": distortion, "displacements": moved}

    def get_elastic_transform_params(self, height: Any, width: Any, factor: Any) -> tuple[Any, Any]:
        """Alpha and sigma of a distortion.

        Args:
            height, width: the image's size.
            factor: the distortion d.

        Returns:
            Numbers, or tensors where one of the arguments is one.
        """
        if all(isinstance(n, int) for n in (height, width)):
            longer, shorter = max(height, width), min(height, width)
        else:
            longer, shorter = (cast(end(height, width), self._drawing_dtype) for end in (maximum, minimum))
        return factor * longer * 0.1, factor * shorter * 0.05

    def _displacements(self, batch: Any, height: Any, width: Any, distortion: Any, seed: Any) -> Any:
        alpha, sigma = self.get_elastic_transform_params(height, width, distortion)
        noise = normal((batch, height, width, 2), 0.0, 1.0, self._drawing_dtype, seed)
        smooth = einsum("hi,wj,bijc->bhwc", self._window(height, sigma), self._window(width, sigma), noise)
        return multiply(smooth, multiply(alpha, sigma))

    def _window(self, size: Any, sigma: Any) -> Any:
        """Gaussian weights of all places of a line for each place; what lies outside of the image counts as 0."""
        dtype = self._drawing_dtype
        places = cast(arange(size, dtype="int32"), dtype)
        narrow = true_divide(-0.5, square(maximum(sigma, THINNEST)))
        half = total(exp(multiply(square(places), narrow)))
        distances = subtract(expand_dims(places, 1), expand_dims(places, 0))
        return true_divide(exp(multiply(square(distances), narrow)), subtract(multiply(half, 2.0), 1.0))

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, some of them deformed."""
        images = self._as_images(images)
        if not training or transformation is None:
            return images
        deformed = clipped(self._deformed(images, transformation, self.interpolation), self.value_range)
        return where(reshape(transformation["apply_transform"], (-1, 1, 1, 1)), deformed, images)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks, deformed like their images."""
        if not training or transformation is None:
            return segmentation_masks
        which = reshape(transformation["apply_transform"], (-1, 1, 1, 1))
        return self._each_mask(
            segmentation_masks, lambda masks: where(which, self._deformed(masks, transformation, "nearest"), masks)
        )

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The boxes around eight moved points of the boxes' borders."""
        if not training or transformation is None:
            return bounding_boxes
        moved, which = transformation["displacements"], reshape(transformation["apply_transform"], (-1, 1, 1))
        size = tuple(shape_of(moved))[1:3]

        def around(corners: Any) -> Any:
            left, top, right, bottom = split(corners, 4, axis=-1)
            middle = [multiply(add(first, last), 0.5) for first, last in ((left, right), (top, bottom))]
            x = concatenate([left, middle[0], right, left, right, left, middle[0], right], -1)
            y = concatenate([top, top, top, middle[1], middle[1], bottom, bottom, bottom], -1)
            places = _seen_at(x, y, moved)
            ends = [end(place, -1, keepdims=True) for end in (smallest, largest) for place in places]
            return where(which, concatenate(ends, -1), corners)

        return self._moved_boxes(bounding_boxes, size, size, around)

    def _deformed(self, images: Any, transformation: Any, interpolation: str) -> Any:
        moved, dtype = transformation["displacements"], working_dtype(images)

        def places(x: Any, y: Any) -> tuple[Any, Any]:
            return tuple(add(place, cast(get_item(moved, (..., axis)), dtype)) for axis, place in enumerate((x, y)))

        return warped(images, places, dtype, interpolation, self.fill_mode, self.fill_value, self.data_format)


def _seen_at(x: Any, y: Any, moved: Any) -> tuple[Any, Any]:
    """Where the result has what the image has at x and y, `(batch, boxes, points)`: `q` with `q + moved(q) = p`."""
    batch, height, width, _ = shape_of(moved)
    table, shape = reshape(moved, (batch, height * width, 2)), shape_of(x)
    at_x, at_y = x, y
    for _ in range(3):  # displacements change little over their own length
        column, row = _pixel(at_x, width), _pixel(at_y, height)
        number = reshape(add(multiply(row, width), column), (batch, -1, 1))
        by = [reshape(take_along_axis(get_item(table, (..., slice(n, n + 1))), number, 1), shape) for n in (0, 1)]
        at_x, at_y = subtract(x, by[0]), subtract(y, by[1])
    return at_x, at_y


def _pixel(place: Any, size: Any) -> Any:
    return minimum(maximum(cast(rounded(place), "int32"), 0), size - 1)
