"""PixelLayer: layers that change colours and leave everything where it is, so labels, boxes and masks stay the same."""

from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_float
from kmb_core.layers.preprocessing.image.image_layer import ImageLayer
from kmb_core.ops.comparison import less
from kmb_core.ops.creation import cast
from kmb_core.random.draws import uniform


class PixelLayer(ImageLayer):
    """A layer that changes the colours of images only; subclasses define `transform_images`."""

    def transform_bounding_boxes(self, bounding_boxes: Any, transformation: Any, training: bool | None = True) -> Any:
        """The same boxes."""
        return bounding_boxes

    def transform_segmentation_masks(
        self, segmentation_masks: Any, transformation: Any, training: bool | None = True
    ) -> Any:
        """The same masks."""
        return segmentation_masks

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape."""
        return input_shape

    def compute_output_spec(self, inputs: Any, **kwargs: Any) -> Any:
        """What comes in, images in the dtype that comes out."""
        if not isinstance(inputs, dict):
            return self._image_spec(self._prepared(inputs))
        spec = tree.map_structure(lambda x: KerasTensor(x.shape, x.dtype) if isinstance(x, KerasTensor) else x, inputs)
        return {**spec, "images": self._image_spec(self._prepared(inputs["images"]))}

    # For subclasses ----------------------------------------------------------------------------------------------

    def _as_numbers(self, images: Any) -> Any:
        """Images of a floating dtype, to compute with."""
        return images if is_float(dtype_of(images)) else cast(images, self._drawing_dtype)

    def _as_output(self, images: Any) -> Any:
        """Computed images in the compute dtype, which somebody may have set to integers."""
        return cast(images, self.compute_dtype)

    def _chance(self, data: Any, probability: Any, seed: Any) -> Any:
        """Which images of a batch something happens to: each one's probability is drawn between two, then its fate.

        Returns:
            bool of shape `(batch,)`, `(1,)` for one image.
        """
        shape = (self._batch_size(data),)
        limit = uniform(shape, *probability, self._drawing_dtype, seed)
        return less(uniform(shape, 0.0, 1.0, self._drawing_dtype, seed), limit)

    def _image_spec(self, images: KerasTensor) -> KerasTensor:
        return KerasTensor(images.shape, self._output_dtype(images.dtype))

    def _output_dtype(self, dtype: str) -> str:
        """The dtype of the images that come out for images of this dtype."""
        return dtype if self._keeps_integers and not is_float(dtype) else self.compute_dtype
