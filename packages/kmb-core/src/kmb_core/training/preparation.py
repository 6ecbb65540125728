"""Before the first step: the model, the compiled loss and metrics and the optimizer are built from the first batch's
shapes.

Only shapes are worked out; no data goes through the model.
"""

from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, StatelessScope, SymbolicScope, state
from kmb_core.data.peeked import PeekedAdapter
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import StructureError, message
from kmb_core.training.batches import unpack_x_y_sample_weight
from kmb_core.training.checks import check_lengths, check_numbers


def prepare(model: Any, adapter: Any, training: bool = True, losses: bool = True) -> Any:
    """Build what is not built yet, from the first batch of the adapter; returns the adapter to read from."""
    if is_prepared(model, training, losses):
        return adapter
    peeked = PeekedAdapter(adapter)
    prepare_for(model, peeked.first, training, losses)
    return peeked


def is_prepared(model: Any, training: bool, losses: bool) -> bool:
    """Whether everything that the steps need is built."""
    if not model.built:
        return False
    if losses and not model._compiled_parts_built():
        return False
    return not (training and model.optimizer is not None and not model.optimizer.built)


def prepare_for(model: Any, batch: Any, training: bool = True, losses: bool = True) -> None:
    """Build what is not built yet, from a batch."""
    if is_prepared(model, training, losses):
        return
    parts = unpack_x_y_sample_weight(batch)
    check_numbers(model, *parts)
    check_lengths(parts)
    x, y, sample_weight = map(_abstract_batch, parts)
    outputs = None
    if not model.built or (losses and not model._compiled_parts_built()):
        outputs = _outputs_for(model, x, parts[0])
        if outputs is None:
            what = f"{type(model).__name__} {model.name!r}: `call` returned None"
            raise StructureError(message(what, remedy="End it with `return` and the outputs."))
    if losses and not model._compiled_parts_built():
        model._build_compiled_parts(x, y, outputs, sample_weight)
    if training and model.optimizer is not None and not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)


def check_accepted(model: Any, batch: Any) -> None:
    """Let the model refuse a batch of another shape than those before, by working out shapes alone.

    Args:
        model: a built model.
        batch: (x,), (x, y) or (x, y, sample_weight).

    Raises:
        ShapeError: naming the layer.
    """
    _outputs(model, _abstract_batch(unpack_x_y_sample_weight(batch)[0]))


def outputs_for(model: Any, x: Any) -> Any:
    """What the model makes of a batch's inputs, as KerasTensors.

    Args:
        model: a built model.
        x: arrays or tensors, nested.
    """
    shapes = tree.map_structure(lambda part: KerasTensor(tuple(part.shape), dtype=standardize_dtype(part.dtype)), x)
    return _outputs_for(model, shapes, x)


def _outputs_for(model: Any, x: Any, values: Any) -> Any:
    """Symbolic outputs; from a call on the values where the model runs eagerly and its code asks for them."""
    try:
        return _outputs(model, x)
    except Exception:
        if not model.run_eagerly:
            raise
    with StatelessScope():  # what the call assigns is forgotten
        outputs = model(tree.map_structure(model._backend.convert, values))
    model._clear_losses()
    return tree.map_structure(_abstract, outputs)


def _outputs(model: Any, x: Any) -> Any:
    before = state.training
    with SymbolicScope():
        state.training = False
        try:
            return model(x, training=False) if model._call_takes_training() else model(x)
        finally:
            state.training = before


def _abstract_batch(data: Any) -> Any:
    """KerasTensors like the arrays; the batch size is unknown, since the last batch may be smaller."""
    if data is None:
        return None
    return tree.map_structure(_abstract, data)


def _abstract(x: Any) -> Any:
    shape = getattr(x, "shape", None)
    if shape is None:
        return x
    shape = tuple(shape)
    return KerasTensor((None, *shape[1:]) if shape else shape, dtype=standardize_dtype(x.dtype))
