"""RandomGaussianBlur: some images smoothed by a window of Gaussian weights."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import is_number, number_range, pixel_range
from kmb_core.layers.preprocessing.image.pixel_layer import PixelLayer
from kmb_core.layers.preprocessing.image.pixel_values import chosen, clipped
from kmb_core.layers.preprocessing.image.windows import weighted_line
from kmb_core.ops.arithmetic import add, maximum, multiply, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.functions import exp
from kmb_core.ops.manipulation import unstack
from kmb_core.random.draws import uniform
from kmb_core.serialization import saved_as

_NARROWEST = 0.05  # in pixels: all other weights are 0 then, and nothing is divided by 0


@saved_as("keras.layers")
class RandomGaussianBlur(PixelLayer):
    """While training, smooth some images: each pixel becomes a mean of those around it, with Gaussian weights.

    Args:
        factor: how probable that is, drawn for each image between two numbers; one number stands for from 0 to that.
        kernel_size: height and width of the window, odd numbers; one number for both.
        sigma: the weights' standard deviations along width and height are drawn, for the whole batch, between these two
            numbers of pixels; one number, from 0 to 1, stands for from 0 to that.
        value_range: the lowest and the highest value of a pixel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        seed: makes the draws repeatable.

    Input and output: see `ImageLayer`. What lies outside of an image counts as 0.

    Raises:
        ValueError: for other arguments.

    Example:
        >>> import kmb_core
        >>> layer = kmb_core.layers.RandomGaussianBlur((1.0, 1.0), sigma=(1.0, 1.0))
        >>> round(float(layer(kmb_core.ops.ones((1, 1, 1)))[0, 0, 0]), 4)
        0.2042
    """

    def __init__(
        self,
        factor: Any = 1.0,
        kernel_size: Any = 3,
        sigma: Any = 1.0,
        value_range: Any = (0, 255),
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = number_range("factor", factor, 0, (0, 1), self._where())
        self.kernel_size = _odd_sizes(kernel_size, self._where())
        self.sigma = number_range("sigma", sigma, 0, (0, 1), self._where())
        if self.sigma[0] < 0:
            raise ValueError(f"{self._where()}: sigma is not negative, got {sigma!r}")
        self.value_range = pixel_range(value_range, self._where())
        self._seeded(seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"should_apply_blur": which images, bool of shape `(batch,)`, "blur_factor": sigma along width and height};
        None when not training.
        """
        if not training:
            return None
        seed = self.generator if seed is None else seed
        which = self._chance(data, self.factor, seed)
        return {"should_apply_blur": which, "blur_factor": uniform((2,), *self.sigma, self._drawing_dtype, seed)}

    def transform_images(self, images: Any, transformation: Any = None, training: bool | None = True) -> Any:
        """A batch of images, some of them smoothed."""
        if not training or transformation is None:
            return images
        x = self._as_numbers(images)
        across, down = unstack(cast(transformation["blur_factor"], self._drawing_dtype), 2)
        height, width = self.kernel_size
        smooth = weighted_line(x, self.height_axis, _bell(height, down, dtype_of(x)))
        smooth = weighted_line(smooth, self.width_axis, _bell(width, across, dtype_of(x)))
        smooth = clipped(smooth, self.value_range)
        return self._as_output(chosen(transformation["should_apply_blur"], smooth, x))


def _bell(size: int, sigma: Any, dtype: str) -> list[Any]:
    """The weights of a window, of sum 1."""
    half, narrow = size // 2, true_divide(-0.5, multiply(maximum(sigma, _NARROWEST), maximum(sigma, _NARROWEST)))
    weights = [exp(multiply(narrow, float(place * place))) for place in range(half + 1)]
    total = weights[0]
    for weight in weights[1:]:
        total = add(total, multiply(weight, 2.0))
    shares = [cast(true_divide(weight, total), dtype) for weight in weights]
    return [*shares[:0:-1], *shares]


def _odd_sizes(value: Any, where: str) -> tuple[int, int]:
    pair = (value, value) if is_number(value) else value
    fits = isinstance(pair, (tuple, list)) and len(pair) == 2
    if not fits or any(not isinstance(size, int) or size < 1 or size % 2 == 0 for size in pair):
        raise ValueError(f"{where}: kernel_size is an odd number, or two of them; got {value!r}")
    return pair[0], pair[1]
