"""RandomShear: images pushed askew."""

from typing import Any

from kmb_core.layers.preprocessing.image.affine_layer import AffineLayer, Rows, constant
from kmb_core.layers.preprocessing.image.arguments import bounded_range, is_number
from kmb_core.ops.arithmetic import negative
from kmb_core.ops.comparison import less, where
from kmb_core.ops.indexing import get_item
from kmb_core.ops.manipulation import reshape, stack
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomShear(AffineLayer):
    """While training, shift the rows of each image, and its columns, the farther the farther they are from the corner.

    At `(x, y)` the result has what the image has at `(x + a y, b x + y)`.

    Args:
        x_factor: a is drawn between these two numbers, from 0 to 1, and gets a random sign; one number stands for from
            -factor to factor.
        y_factor: the same for b.
        interpolation: "nearest" or "bilinear".
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        fill_value: the constant k.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for other factors or an unknown mode.

    Example:
        >>> import kmb_core
        >>> image = kmb_core.ops.convert_to_tensor([[[1.0], [2.0]], [[3.0], [4.0]]])
        >>> float(kmb_core.layers.RandomShear((1.0, 1.0), seed=1)(image, training=True)[0, 1, 0])
        2.0
    """

    def __init__(
        self,
        x_factor: Any = 0.0,
        y_factor: Any = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, fill_value, seed, data_format, **kwargs)
        self.x_factor = self._bounds("x_factor", x_factor)
        self.y_factor = self._bounds("y_factor", y_factor)

    def _bounds(self, name: str, factor: Any) -> Any:
        if is_number(factor) and 0 <= factor <= 1:
            return -factor, factor
        if is_number(factor):
            raise ValueError(f"{self._where()}: {name} is from 0 to 1, or two numbers; got {factor!r}")
        return bounded_range(name, factor, 0, (-1, 1), self._where())

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; equal bounds as one number, because Keras reads no negative one."""
        bounds = {"x_factor": self.x_factor, "y_factor": self.y_factor}
        numbers = {name: high for name, (low, high) in bounds.items() if low == -high < 0}
        return super().get_config() | numbers

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"shear_factor": a and b, `(batch, 2)`, "input_shape": the images'}; None when not training."""
        if not training:
            return None
        shape, dtype, seed, sizes = self._draws(data, seed)
        drawn = []
        for low, high in (self.x_factor, self.y_factor):
            amount, coin = uniform(shape, low, high, dtype, seed), uniform(shape, 0.0, 1.0, dtype, seed)
            drawn.append(where(less(coin, 0.5), negative(amount), amount))
        return {"shear_factor": stack(drawn, axis=-1), "input_shape": sizes}

    def _rows(self, transformation: Any, height: Any, width: Any) -> Rows:
        factors = reshape(transformation["shear_factor"], (-1, 2))
        a, b = (get_item(factors, (slice(None), place)) for place in (0, 1))
        one, zero = constant(a, 1.0), constant(a, 0.0)
        return (one, a, zero), (b, one, zero)
