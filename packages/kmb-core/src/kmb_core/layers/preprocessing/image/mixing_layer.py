"""MixingLayer: layers that put two images of a batch into one, and weigh their labels."""

from collections.abc import Mapping
from typing import Any

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.layers.preprocessing.image.geometric_layer import GeometricLayer
from kmb_core.ops.arithmetic import add, maximum, multiply, subtract
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.guarded import divide_no_nan
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.tensors import static_shape
from kmb_core.random.draws import gamma, shuffle
from kmb_core.settings import epsilon


class MixingLayer(GeometricLayer):
    """While training, mix each image of a batch with another one of it."""

    def transform_labels(self, labels: Any, transformation: Any, training: bool | None = True) -> Any:
        """Labels as the images are mixed: `weight * own + (1 - weight) * other`. They should be one-hot."""
        if not training or transformation is None:
            return labels
        return self._mixed(cast(labels, self.compute_dtype), transformation)

    def _order(self, batch: Any, seed: Any) -> Any:
        """The other image for each one."""
        return shuffle(arange(batch, dtype="int32"), seed=seed)

    def _weights(self, shape: tuple[Any, ...], alpha: Any, seed: Any) -> Any:
        """Numbers of a beta distribution with both parameters alpha; where alpha is so small that its gamma variates
        are zero, 1.
        """
        dtype = self._drawing_dtype
        alpha = maximum(cast(alpha, dtype), epsilon())
        own, other = gamma(shape, alpha, dtype, seed), gamma(shape, alpha, dtype, seed)
        return subtract(1.0, divide_no_nan(other, add(own, other)))

    def _mixed(self, x: Any, transformation: Any) -> Any:
        """`weight * x + (1 - weight) * x[order]`, in the dtype of x."""
        shape = (-1,) + (1,) * (len(static_shape(x)) - 1)
        weight = cast(reshape(transformation["mix_weight"], shape), dtype_of(x))
        other = take(x, transformation["permutation_order"], 0)
        return add(multiply(x, weight), multiply(other, subtract(1.0, weight)))

    def compute_output_spec(self, data: Any, training: bool | None = True, **kwargs: Any) -> Any:
        """Symbolic tensors like the outputs; mixed labels are floats."""
        spec = super().compute_output_spec(data, **kwargs)
        if training and isinstance(data, Mapping) and "labels" in data:
            spec["labels"] = KerasTensor(data["labels"].shape, self.compute_dtype)
        return spec
