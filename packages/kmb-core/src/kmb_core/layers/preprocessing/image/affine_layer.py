"""AffineLayer: layers that see images through a linear map of the plane."""

from typing import Any

from kmb_core.bounding_boxes.geometry import mapped_corners
from kmb_core.layers.preprocessing.image.arguments import is_number
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.arithmetic import add, multiply, negative, subtract, true_divide
from kmb_core.ops.creation import cast, convert_to_tensor, ones_like, zeros_like
from kmb_core.ops.image.layout import check_choice
from kmb_core.ops.image.sampling import FILL_MODES, ORDERS
from kmb_core.ops.image.transforms import affine_transform
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import concatenate, reshape, split, stack
from kmb_core.ops.tensors import shape as shape_of

Rows = tuple[tuple[Any, Any, Any], tuple[Any, Any, Any]]


class AffineLayer(GeometricLayer):
    """While training, read each image at other places.

    Args:
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        interpolation: "nearest" or "bilinear".
        fill_value: the constant k.
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Subclasses define `get_random_transformation`, and `_rows`: for a place in the result where to read in the image.
    Boxes go through the inverse map.
    """

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        fill_value: float,
        seed: int | None,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        check_choice(fill_mode, FILL_MODES, "fill_mode", self._where())
        check_choice(interpolation, tuple(ORDERS), "interpolation", self._where())
        if not is_number(fill_value):
            raise ValueError(f"{self._where()}: fill_value is a number, got {fill_value!r}")
        self.fill_mode, self.interpolation, self.fill_value = fill_mode, interpolation, fill_value
        self._seeded(seed)
        self._needs_no_building()

    def _rows(self, transformation: Any, height: Any, width: Any) -> Rows:
        """((a, b, c), (d, e, f)), each `(batch,)`: at `(x, y)` the result has what is at `(a x + b y + c, d x + …)`."""
        raise NotImplementedError

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, each through its map."""
        return self._warped(self._as_images(images), transformation, training, self.interpolation)

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """Masks through the maps of their images."""
        return self._each_mask(
            segmentation_masks, lambda masks: self._warped(masks, transformation, training, "nearest")
        )

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The boxes around the moved boxes."""
        if not training or transformation is None:
            return bounding_boxes
        size = self._size(self._shape_in(transformation))
        rows = _inverse(self._rows(transformation, *size))
        per_image = tuple(tuple(reshape(x, (-1, 1, 1)) for x in row) for row in rows)
        return self._moved_boxes(bounding_boxes, size, size, lambda corners: mapped_corners(corners, per_image))

    def _shape_in(self, transformation: Any) -> Any:
        return transformation["input_shape"]

    def _warped(self, images: Any, transformation: Any, training: bool | None, interpolation: str) -> Any:
        if not training or transformation is None:
            return images
        first, second = self._rows(transformation, *self._size(images))
        matrix = stack([*first, *second, zeros_like(first[0]), zeros_like(first[0])], axis=-1)
        return affine_transform(images, matrix, interpolation, self.fill_mode, self.fill_value, self.data_format)

    # Points and boxes ------------------------------------------------------------------------------------------------

    def get_transformed_x_y(self, x: Any, y: Any, transform: Any) -> tuple[Any, Any]:
        """Where a map takes points.

        Args:
            x, y: `(batch, points)`.
            transform: the map's eight numbers, as for `ops.image.affine_transform`: `(8,)` or `(batch, 8)`.

        Returns:
            x and y of the new places.
        """
        numbers = reshape(convert_to_tensor(transform), (-1, 8))
        a, b, c, d, e, f, g, h = (get_item(numbers, (slice(None), slice(n, n + 1))) for n in range(8))
        k = add(add(multiply(g, x), multiply(h, y)), 1.0)
        new_x, new_y = (add(add(multiply(p, x), multiply(q, y)), r) for p, q, r in ((a, b, c), (d, e, f)))
        return true_divide(new_x, k), true_divide(new_y, k)

    def get_shifted_bbox(self, bounding_boxes: Any, w_shift_factor: Any, h_shift_factor: Any) -> dict[str, Any]:
        """Boxes moved to the left and up.

        Args:
            bounding_boxes: a dict with "boxes", `(..., 4)`, "xyxy".
            w_shift_factor, h_shift_factor: by how much, numbers or tensors that broadcast against `(..., 1)`.
        """
        left, top, right, bottom = split(convert_to_tensor(bounding_boxes["boxes"]), 4, axis=-1)
        shifts = (w_shift_factor, h_shift_factor) * 2
        moved = [subtract(n, by) for n, by in zip((left, top, right, bottom), shifts, strict=True)]
        return {**bounding_boxes, "boxes": concatenate(moved, -1)}

    # For subclasses ----------------------------------------------------------------------------------------------

    def _draws(self, data: Any, seed: Any) -> tuple[tuple[Any], str, Any, tuple[Any, ...]]:
        """What drawing one number for each image takes: shape, dtype and seed; and the shape of the images."""
        images = data["images"] if isinstance(data, dict) else data
        seed = self.generator if seed is None else seed
        return (self._batch_size(data),), self._drawing_dtype, seed, tuple(shape_of(images))

    def _number(self, size: Any) -> Any:
        return float(size) if isinstance(size, int) else cast(size, self._drawing_dtype)


def about_middle(matrix: tuple[Any, Any, Any, Any], height: Any, width: Any) -> Rows:
    """The map that leaves the middle of the image in its place."""
    a, b, d, e = matrix
    x, y = true_divide(subtract(width, 1.0), 2.0), true_divide(subtract(height, 1.0), 2.0)
    c = subtract(x, add(multiply(a, x), multiply(b, y)))
    f = subtract(y, add(multiply(d, x), multiply(e, y)))
    return (a, b, c), (d, e, f)


def constant(x: Any, value: float) -> Any:
    """One number for each image, the same for all."""
    return multiply(ones_like(x), value) if value else zeros_like(x)


def _inverse(rows: Rows) -> Rows:
    (a, b, c), (d, e, f) = rows
    area = subtract(multiply(a, e), multiply(b, d))
    a, b, d, e = (true_divide(x, area) for x in (e, negative(b), negative(d), a))
    c, f = negative(add(multiply(a, c), multiply(b, f))), negative(add(multiply(d, c), multiply(e, f)))
    return (a, b, c), (d, e, f)
