"""Optimizers from names, classes and saved forms, and back."""

from typing import Any

from kmb_core.optimizers.adafactor import Adafactor
from kmb_core.optimizers.adagrad import Adadelta, Adagrad
from kmb_core.optimizers.adam import Adam, AdamW
from kmb_core.optimizers.adam_kin import Adamax, Lamb, Nadam
from kmb_core.optimizers.ftrl import Ftrl
from kmb_core.optimizers.lion import Lion
from kmb_core.optimizers.loss_scale import LossScaleOptimizer
from kmb_core.optimizers.multi import MultiOptimizer, OptimizerMap
from kmb_core.optimizers.muon import Muon
from kmb_core.optimizers.optimizer import Optimizer
from kmb_core.optimizers.rmsprop import RMSprop
from kmb_core.optimizers.schedule_free import ScheduleFreeAdamW
from kmb_core.optimizers.sgd import SGD
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

CLASSES = (
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    MultiOptimizer,
    Muon,
    Nadam,
    Optimizer,
    OptimizerMap,
    RMSprop,
    SGD,
    ScheduleFreeAdamW,
)
NAMES: dict[str, Any] = {**{cls.__name__: cls for cls in CLASSES}, **{cls.__name__.lower(): cls for cls in CLASSES}}


def get(identifier: Any) -> Any:
    """The optimizer that something stands for.

    Args:
        identifier: a name ("adam"), a class, a saved form, or an optimizer.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> import kmb_core
        >>> type(kmb_core.optimizers.get("adam")).__name__
        'Adam'
    """
    if isinstance(identifier, Optimizer) or hasattr(identifier, "stateless_apply"):
        return identifier
    return deserialize(identifier)


def serialize(optimizer: Any) -> dict[str, Any]:
    """An optimizer as plain data."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """An optimizer from a name or from what `serialize` gave; the other modules that Keras names on torch are read too.

    Args:
        config: a name or a saved form.
        custom_objects: further classes by name.
    """
    return resolve(config, NAMES, "optimizer", custom_objects)
