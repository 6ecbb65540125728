"""RandomRotation: images turned about their middle."""

import math
from typing import Any

from kmb_core.layers.preprocessing.image.affine_layer import AffineLayer, Rows, about_middle
from kmb_core.layers.preprocessing.image.arguments import number_range
from kmb_core.ops.arithmetic import multiply, negative
from kmb_core.ops.functions import cos, sin
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import reshape, stack
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomRotation(AffineLayer):
    """While training, turn each image about its middle by a random angle.

    Args:
        factor: angles are drawn between these two numbers, in full turns, counterclockwise; one number stands for from
            -factor to factor.
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        interpolation: "nearest" or "bilinear".
        seed: makes the draws repeatable.
        fill_value: the constant k.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for another factor or an unknown mode.

    Example:
        >>> import kmb_core
        >>> image = kmb_core.ops.convert_to_tensor([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> turned = kmb_core.layers.RandomRotation((0.25, 0.25), interpolation="nearest")(image, training=True)
        >>> [float(x) for x in kmb_core.ops.ravel(turned)]
        [2.0, 4.0, 1.0, 3.0]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.factor = number_range("factor", factor, None, (-1, 1), self._where())

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"angle": degrees, `(batch,)`, "rotation_matrix": the map, `(batch, 8)`, "image_height", "image_width",
        "batch_size"}; None when not training.
        """
        if not training:
            return None
        shape, dtype, seed, sizes = self._draws(data, seed)
        low, high = (bound * 360.0 for bound in self.factor)
        angle = uniform(shape, low, high, dtype, seed)
        turn = multiply(angle, math.pi / 180)
        height, width = self._size(sizes)
        matrix = (cos(turn), negative(sin(turn)), sin(turn), cos(turn))
        first, second = about_middle(matrix, self._number(height), self._number(width))
        zero = multiply(angle, 0.0)
        return {
            "angle": angle,
            "rotation_matrix": stack([*first, *second, zero, zero], axis=-1),
            "image_height": height,
            "image_width": width,
            "batch_size": shape[0],
        }

    def _rows(self, transformation: Any, height: Any, width: Any) -> Rows:
        matrix = reshape(transformation["rotation_matrix"], (-1, 8))
        a, b, c, d, e, f = (get_item(matrix, (slice(None), place)) for place in range(6))
        return (a, b, c), (d, e, f)

    def _size(self, images: Any) -> tuple[Any, Any]:
        if isinstance(images, dict):
            return images["image_height"], images["image_width"]
        return super()._size(images)

    def _shape_in(self, transformation: Any) -> Any:
        return transformation
