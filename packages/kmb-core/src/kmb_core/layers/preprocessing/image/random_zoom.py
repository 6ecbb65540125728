"""RandomZoom: images larger or smaller, in a frame of the same size."""

from typing import Any

from kmb_core.bounding_boxes.geometry import crop
from kmb_core.layers.preprocessing.image.affine_layer import AffineLayer, Rows, about_middle, constant
from kmb_core.layers.preprocessing.image.arguments import is_number, is_pair
from kmb_core.ops.arithmetic import add
from kmb_core.ops.manipulation import expand_dims, reshape
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomZoom(AffineLayer):
    """While training, show more or less of each image, about its middle.

    Args:
        height_factor: how much more, as a share of the height, is drawn between these two numbers: with -0.3 the image
            looks larger, with 0.3 smaller. One number stands for from -factor to factor.
        width_factor: the same for the width; None keeps the aspect ratio.
        fill_mode: what lies outside of `a b c d`: "constant" `k k k k`, "nearest" `d d d d`, "wrap" `a b c d`,
            "mirror" `c b a b`, "reflect" `d c b a`.
        interpolation: "nearest" or "bilinear".
        seed: makes the draws repeatable.
        fill_value: the constant k.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`. Boxes and masks follow.

    Raises:
        ValueError: for factors that are not above -1 and up to 1, or an unknown mode.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.convert_to_tensor([0.0, 1.0, 2.0]), (1, 3, 1))
        >>> layer = kmb_core.layers.RandomZoom((0.0, 0.0), (-0.5, -0.5))
        >>> [float(x) for x in kmb_core.ops.ravel(layer(line, training=True))]
        [0.5, 1.0, 1.5]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
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
        if width_factor is not None:
            self.width_lower, self.width_upper = self._bounds("width_factor", width_factor)

    def _bounds(self, name: str, factor: Any) -> tuple[float, float]:
        numbers = [factor] if is_number(factor) else list(factor) if is_pair(factor) else []
        if not numbers or not all(-1 < number <= 1 for number in numbers):
            raise ValueError(f"{self._where()}: {name} is above -1 and up to 1, or two such numbers; got {factor!r}")
        return (-abs(factor), abs(factor)) if len(numbers) == 1 else (min(numbers), max(numbers))

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"height_zoom", "width_zoom": how much is shown, `(batch, 1)`, "input_shape": the images'}; None when not
        training.
        """
        if not training:
            return None
        shape, dtype, seed, sizes = self._draws(data, seed)
        down = expand_dims(add(uniform(shape, self.height_lower, self.height_upper, dtype, seed), 1.0), -1)
        across = down
        if self.width_factor is not None:
            across = expand_dims(add(uniform(shape, self.width_lower, self.width_upper, dtype, seed), 1.0), -1)
        return {"height_zoom": down, "width_zoom": across, "input_shape": sizes}

    def get_clipped_bbox(
        self, bounding_boxes: Any, h_end: Any, h_start: Any, w_end: Any, w_start: Any
    ) -> dict[str, Any]:
        """Boxes as they lie in a window of the image.

        Args:
            bounding_boxes: a dict with "boxes", `(..., 4)`, "xyxy".
            h_end, h_start, w_end, w_start: the window's borders.
        """
        return crop(bounding_boxes, h_start, w_start, h_end - h_start, w_end - w_start)

    def _rows(self, transformation: Any, height: Any, width: Any) -> Rows:
        down, across = (reshape(transformation[name], (-1,)) for name in ("height_zoom", "width_zoom"))
        zero = constant(down, 0.0)
        return about_middle((across, zero, zero, down), self._number(height), self._number(width))
