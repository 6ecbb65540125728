"""Layers of one input whose outputs' shapes and dtypes are what `call` makes of symbolic tensors."""

from typing import Any

from kmb_core.layers.layer import Layer


class ShapesOfCall(Layer):
    """Offers `compute_output_shape(input_shape)` where the shape is the op's to tell, dtype included."""

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """KerasTensors like the outputs."""
        return self._spec_from_call(args, kwargs)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The outputs' shape."""
        return super().compute_output_shape(tuple(input_shape))
