"""RandomCrop: a window of images, at a random place while training."""

from typing import Any

from kmb_core.layers.preprocessing.image.frames import Frame, exact_frame, framed, image_size, largest_frame, through
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.arithmetic import floor, maximum, multiply
from kmb_core.ops.comparison import greater_equal, logical_and, where
from kmb_core.ops.creation import cast
from kmb_core.random.draws import randint, uniform
from kmb_core.random.seed_generator import make_default_seed
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class RandomCrop(GeometricLayer):
    """While training, cut a window of the result's size out of images, at the same random place in all of a batch.

    Of images that are smaller, and of all where the model is not trained, the largest window of the result's aspect
    ratio is cut from the middle and resized.

    Args:
        height, width: the size of the result.
        seed: makes the draws repeatable; one is made when None.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; the output has other spatial sizes. Boxes and masks follow.

    Raises:
        ShapeError: for sizes that are no positive integers.

    Example:
        >>> import kmb_core
        >>> line = kmb_core.ops.reshape(kmb_core.ops.arange(8), (1, 8, 1))
        >>> a, b = kmb_core.ops.ravel(kmb_core.layers.RandomCrop(1, 2)(line, training=True))
        >>> float(b - a)
        1.0
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, name=name, **kwargs)
        self.height, self.width = self._target = image_size(height, width, self._where())
        self._seeded(make_default_seed() if seed is None else seed)
        self._needs_no_building()

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """Top and left of the window, and height and width of the images, in pixels."""
        rows, columns = self._size(data["images"] if isinstance(data, dict) else data)
        return (*self._place(rows, columns, training, self.generator if seed is None else seed), rows, columns)

    def _place(self, rows: Any, columns: Any, training: bool | None, seed: Any) -> tuple[Any, Any]:
        middle = largest_frame(rows, columns, *self._target)[:2]
        if not training:
            return middle
        if isinstance(rows, int) and isinstance(columns, int):
            if rows < self.height or columns < self.width:
                return middle
            top = randint((), 0, rows - self.height + 1, seed=seed)
            return top, randint((), 0, columns - self.width + 1, seed=seed)
        fits = logical_and(greater_equal(rows, self.height), greater_equal(columns, self.width))
        drawn = (self._start(rows - self.height, seed), self._start(columns - self.width, seed))
        top, left = (where(fits, x, cast(other, "int32")) for x, other in zip(drawn, middle, strict=True))
        return top, left

    def _start(self, room: Any, seed: Any) -> Any:
        """A place in a line whose length a graph does not know."""
        dtype = self._drawing_dtype
        room = cast(maximum(room, 0), dtype)
        return cast(floor(multiply(uniform((), 0.0, 1.0, dtype, seed), room + 1.0)), "int32")

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A window of a batch of images."""
        return self._window(self._as_images(images), transformation, training, "bilinear")

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """A window of masks."""
        return self._each_mask(
            segmentation_masks, lambda masks: self._window(masks, transformation, training, "nearest")
        )

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """Boxes as they lie in the window. Without the images' size the window is taken to be of the result's size."""
        size = tuple(transformation[2:]) or self._target
        start = tuple(transformation[:2])
        frame = self._frame(*size, start, training) if transformation[2:] else Frame(*start, *self._target)
        return self._moved_boxes(
            bounding_boxes, size, self._target, lambda x: through(x, frame, self._target, self._drawing_dtype)
        )

    def compute_output_shape(self, input_shape: Any, *args: Any, **kwargs: Any) -> Any:
        """The shape of the outputs, for images or for a dict of parts."""
        return super().compute_output_shape(input_shape)

    def _frame(self, rows: Any, columns: Any, start: Any, training: bool | None) -> Frame:
        if training:
            return exact_frame(rows, columns, *self._target, start)
        return Frame(*start, *largest_frame(rows, columns, *self._target)[2:])

    def _window(self, images: Any, transformation: Any, training: bool | None, interpolation: str) -> Any:
        frame = self._frame(*self._size(images), tuple(transformation[:2]), training)
        axes = (self.height_axis, self.width_axis)
        return framed(images, axes, frame, self._target, interpolation=interpolation, data_format=self.data_format)
