"""RandomTranslation: images moved sideways, up and down."""

from typing import Any

from kmb_core.layers.preprocessing.image.affine_layer import AffineLayer, Rows, constant
from kmb_core.layers.preprocessing.image.arguments import is_number, is_pair
from kmb_core.ops.arithmetic import multiply, negative
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import reshape, stack
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomTranslation(AffineLayer):
    """While training, move each image.

    Args:
        height_factor: how far down, as a share of the height, is drawn between these two numbers; one number stands for
            from -factor to factor.
        width_factor: the same to the right, as a share of the width.
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        interpolation: "nearest" or "bilinear".
        seed: makes the draws repeatable.
        fill_value: the constant k.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for factors outside of -1 to 1, or an unknown mode.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0]), (1, 4, 1))
        >>> layer = kmb_core.layers.RandomTranslation(0.0, (0.25, 0.25), "constant")
        >>> [float(x) for x in kmb_core.ops.ravel(layer(line, training=True))]
        [0.0, 1.0, 2.0, 3.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self.height_lower, self.height_upper = self._bounds("height_factor", height_factor)
        self.width_lower, self.width_upper = self._bounds("width_factor", width_factor)

    def _bounds(self, name: str, factor: Any) -> tuple[float, float]:
        numbers = [factor] if is_number(factor) else list(factor) if is_pair(factor) else []
        if not numbers or not all(-1 <= number <= 1 for number in numbers):
            raise ValueError(f"{self._where()}: {name} is from -1 to 1, or two such numbers; got {factor!r}")
        return (-abs(factor), abs(factor)) if len(numbers) == 1 else (min(numbers), max(numbers))

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"translations": how far right and down, in pixels, `(batch, 2)`, "input_shape": the images'}; None when not
        training.
        """
        if not training:
            return None
        shape, dtype, seed, sizes = self._draws(data, seed)
        height, width = map(self._number, self._size(sizes))
        down = multiply(uniform(shape, self.height_lower, self.height_upper, dtype, seed), height)
        right = multiply(uniform(shape, self.width_lower, self.width_upper, dtype, seed), width)
        return {"translations": stack([right, down], axis=-1), "input_shape": sizes}

    def _rows(self, transformation: Any, height: Any, width: Any) -> Rows:
        moved = reshape(transformation["translations"], (-1, 2))
        right, down = (negative(get_item(moved, (slice(None), place))) for place in (0, 1))
        one, zero = constant(right, 1.0), constant(right, 0.0)
        return (one, zero, right), (zero, one, down)
