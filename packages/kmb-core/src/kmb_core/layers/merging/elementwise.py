"""Arithmetic on several inputs, as layers and as functions."""

from typing import Any

from kmb_core.layers.merging.merge import Merge
from kmb_core.ops.arithmetic import add as add_op
from kmb_core.ops.arithmetic import maximum as maximum_op
from kmb_core.ops.arithmetic import minimum as minimum_op
from kmb_core.ops.arithmetic import multiply as multiply_op
from kmb_core.ops.arithmetic import subtract as subtract_op
from kmb_core.ops.arithmetic import true_divide
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Add(Merge):
    """The sum of inputs.

    Input: a list of tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Add()([one, one * 2.0])[0])
        3.0
    """

    def _merge_function(self, inputs: Any) -> Any:
        output = inputs[0]
        for x in inputs[1:]:
            output = add_op(output, x)
        return output


def add(inputs: Any, **kwargs: Any) -> Any:
    """The sum of inputs: `Add(**kwargs)(inputs)`.

    Args:
        inputs: a list of tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.add([one, one * 2.0])[0])
        3.0
    """
    return Add(**kwargs)(inputs)


@saved_as("keras.layers")
class Subtract(Merge):
    """The difference of two inputs.

    Input: a list of two tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes, or another number of inputs.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Subtract()([one, one * 2.0])[0])
        -1.0
    """

    _count = 2

    def _merge_function(self, inputs: Any) -> Any:
        return subtract_op(inputs[0], inputs[1])


def subtract(inputs: Any, **kwargs: Any) -> Any:
    """The difference of two inputs: `Subtract(**kwargs)(inputs)`.

    Args:
        inputs: a list of two tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.subtract([one, one * 2.0])[0])
        -1.0
    """
    return Subtract(**kwargs)(inputs)


@saved_as("keras.layers")
class Multiply(Merge):
    """The product of inputs.

    Input: a list of tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Multiply()([one, one * 2.0])[0])
        2.0
    """

    def _merge_function(self, inputs: Any) -> Any:
        output = inputs[0]
        for x in inputs[1:]:
            output = multiply_op(output, x)
        return output


def multiply(inputs: Any, **kwargs: Any) -> Any:
    """The product of inputs: `Multiply(**kwargs)(inputs)`.

    Args:
        inputs: a list of tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.multiply([one, one * 2.0])[0])
        2.0
    """
    return Multiply(**kwargs)(inputs)


@saved_as("keras.layers")
class Average(Merge):
    """The mean of inputs.

    Input: a list of tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Average()([one, one * 2.0])[0])
        1.5
    """

    def _merge_function(self, inputs: Any) -> Any:
        output = inputs[0]
        for x in inputs[1:]:
            output = add_op(output, x)
        return true_divide(output, len(inputs))


def average(inputs: Any, **kwargs: Any) -> Any:
    """The mean of inputs: `Average(**kwargs)(inputs)`.

    Args:
        inputs: a list of tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.average([one, one * 2.0])[0])
        1.5
    """
    return Average(**kwargs)(inputs)


@saved_as("keras.layers")
class Maximum(Merge):
    """The larger elements of inputs.

    Input: a list of tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Maximum()([one, one * 2.0])[0])
        2.0
    """

    def _merge_function(self, inputs: Any) -> Any:
        output = inputs[0]
        for x in inputs[1:]:
            output = maximum_op(output, x)
        return output


def maximum(inputs: Any, **kwargs: Any) -> Any:
    """The larger elements of inputs: `Maximum(**kwargs)(inputs)`.

    Args:
        inputs: a list of tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.maximum([one, one * 2.0])[0])
        2.0
    """
    return Maximum(**kwargs)(inputs)


@saved_as("keras.layers")
class Minimum(Merge):
    """The smaller elements of inputs.

    Input: a list of tensors, shapes broadcast after the batch axis. Output: one tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast, other batch sizes.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.Minimum()([one, one * 2.0])[0])
        1.0
    """

    def _merge_function(self, inputs: Any) -> Any:
        output = inputs[0]
        for x in inputs[1:]:
            output = minimum_op(output, x)
        return output


def minimum(inputs: Any, **kwargs: Any) -> Any:
    """The smaller elements of inputs: `Minimum(**kwargs)(inputs)`.

    Args:
        inputs: a list of tensors, shapes broadcast after the batch axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor of the common shape.

    Raises:
        ShapeError: for shapes that do not broadcast.

    Example:
        >>> import kmb_core
        >>> one = kmb_core.ops.ones((1,))
        >>> float(kmb_core.layers.minimum([one, one * 2.0])[0])
        1.0
    """
    return Minimum(**kwargs)(inputs)
