"""`optimizers.legacy`: the names of Keras 2's optimizers, which say what to use instead."""

from typing import Any

from kmb_core.errors import message

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]


class LegacyOptimizer:
    """In place of an optimizer of Keras 2.

    Raises:
        ImportError: always, naming the optimizer of today.

    Example:
        >>> import kmb_core
        >>> try:
        ...     kmb_core.optimizers.legacy.Adam()
        ... except ImportError as error:
        ...     print("optimizers.legacy" in str(error))
        True
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        what = "optimizers.legacy holds optimizers of Keras 2, which are not in this API"
        raise ImportError(message(what, None, "Use the optimizer of the same name in `optimizers`."))


SGD = Adagrad = Adam = Ftrl = Optimizer = RMSprop = LegacyOptimizer
