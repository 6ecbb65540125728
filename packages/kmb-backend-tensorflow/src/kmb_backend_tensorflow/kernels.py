"""Optimizer steps with TensorFlow's fused kernels, one op for each variable.

`parameters` and slots are tf.Variables (a kmb variable's `_value`), updated in place. Gradients may be IndexedSlices
(embeddings): the slices of one row are summed first, so that the step is the dense one, as on every other backend.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.concrete import quick
from kmb_backend_tensorflow.distribution import check_distribution, list_devices
from kmb_backend_tensorflow.dtypes import as_dtype
from kmb_backend_tensorflow.exporting import traced_signature
from kmb_backend_tensorflow.host import as_sparse, host_call, ragged
from kmb_backend_tensorflow.images import image_blur, image_resize
from kmb_backend_tensorflow.lookup import LookupTable, crossed_buckets, ranges, row_counts, text_buckets
from kmb_backend_tensorflow.profiling import peak_memory, start_profile
from kmb_backend_tensorflow.raw import raw_op

_adam, _adam_amsgrad = raw_op("ResourceApplyAdam"), raw_op("ResourceApplyAdamWithAmsgrad")
_descend, _momentum = raw_op("ResourceApplyGradientDescent"), raw_op("ResourceApplyKerasMomentum")
_assign_sub = raw_op("AssignSubVariableOp")


def dense(gradient: Any) -> Any:
    """A gradient as one tensor."""
    return tf.convert_to_tensor(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient


def adam_update(
    parameters: Sequence[Any],
    gradients: Sequence[Any],
    first: Sequence[Any],
    second: Sequence[Any],
    step: Any,
    learning_rate: Any,
    beta_1: Any,
    beta_2: Any,
    epsilon: float,
    weight_decay: Any = None,
    second_max: Sequence[Any] | None = None,
) -> None:
    """One step of Adam (Kingma and Ba, 2015, the form before section 2.1) for all parameters.

    Args:
        parameters, first, second, second_max: variables of one dtype each; `second_max` for AMSGrad.
        gradients: one for each parameter.
        step: the number of this step, from 1.
        learning_rate, beta_1, beta_2, epsilon: scalars.
        weight_decay: fraction of `learning_rate` times the parameter that is taken off before the step; None for none.
    """
    constants: dict[tf.DType, tuple[Any, ...]] = {}
    for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        dtype = parameter.dtype
        if dtype not in constants:
            constants[dtype] = _adam_constants(dtype, step, learning_rate, beta_1, beta_2, epsilon)
        power_1, power_2, rate, decay_1, decay_2, small = constants[dtype]
        if weight_decay:
            _decay(parameter, rate, weight_decay)
        slots = (parameter.handle, first[i].handle, second[i].handle)
        if second_max is None:
            _adam(*slots, power_1, power_2, rate, decay_1, decay_2, small, dense(gradient))
        else:
            _amsgrad(parameter, first[i], second[i], second_max[i], constants[dtype], dense(gradient))


def _adam_constants(dtype: tf.DType, step: Any, *scalars: Any) -> tuple[Any, ...]:
    rate, beta_1, beta_2, epsilon = (as_dtype(value, dtype) for value in scalars)
    count = as_dtype(step, dtype)
    return tf.pow(beta_1, count), tf.pow(beta_2, count), rate, beta_1, beta_2, epsilon


def _amsgrad(parameter: Any, first: Any, second: Any, largest: Any, constants: tuple[Any, ...], gradient: Any) -> None:
    """TensorFlow's kernel for this has no CPU version under XLA, so it is written out."""
    power_1, power_2, rate, beta_1, beta_2, epsilon = constants
    first.assign_add((gradient - first) * (1 - beta_1))
    second.assign_add((tf.square(gradient) - second) * (1 - beta_2))
    largest.assign(tf.maximum(largest, second))
    parameter.assign_sub(rate * tf.sqrt(1 - power_2) / (1 - power_1) * first / (tf.sqrt(largest) + epsilon))


def _decay(parameter: Any, rate: Any, weight_decay: Any) -> None:
    _assign_sub(parameter.handle, parameter * (rate * as_dtype(weight_decay, parameter.dtype)))


def sgd_update(
    parameters: Sequence[Any],
    gradients: Sequence[Any],
    velocities: Sequence[Any] | None,
    learning_rate: Any,
    momentum: Any = 0.0,
    nesterov: bool = False,
) -> None:
    """One step of gradient descent.

    With momentum v ← momentum·v - rate·g and w ← w + v; with Nesterov's w ← w + momentum·v - rate·g.
    """
    for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        rate = as_dtype(learning_rate, parameter.dtype)
        if velocities is None:
            _descend(parameter.handle, rate, dense(gradient))
        else:
            factor = as_dtype(momentum, parameter.dtype)
            _momentum(parameter.handle, velocities[i].handle, rate, dense(gradient), factor, use_nesterov=nesterov)


def compiled_step(apply: Callable[[list[Any]], None], variables: Sequence[Any]) -> Callable[[Sequence[Any]], bool]:
    """The step that `apply` makes from gradients, as one graph; False, and nothing done, where a graph is being made.

    Args:
        apply: changes the variables along gradients.
        variables: all that it changes.
    """
    traces: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def run(gradients: Sequence[Any]) -> bool:
        if not tf.executing_eagerly():
            return False
        kinds = tuple([(gradient.dtype, gradient.shape) for gradient in gradients])
        trace = traces.get(kinds)
        if trace is None:
            specifications = [tf.TensorSpec(shape, dtype) for dtype, shape in kinds]
            graph = tf.function(lambda *own: apply(list(own)), input_signature=specifications, autograph=False)
            trace = traces[kinds] = quick(graph.get_concrete_function())
        trace(*gradients)
        return True

    return run


KERNELS: Mapping[str, Callable[..., Any]] = {
    "adam_update": adam_update,
    "check_distribution": check_distribution,
    "compiled_step": compiled_step,
    "crossed_buckets": crossed_buckets,
    "image_blur": image_blur,
    "image_resize": image_resize,
    "as_sparse": as_sparse,
    "host_call": host_call,
    "list_devices": list_devices,
    "lookup_table": LookupTable,
    "row_counts": row_counts,
    "text_buckets": text_buckets,
    "ragged": ragged,
    "ranges": ranges,
    "sgd_update": sgd_update,
    "peak_memory": peak_memory,
    "start_profile": start_profile,
    "traced_signature": traced_signature,
    "remat": tf.recompute_grad,
}
