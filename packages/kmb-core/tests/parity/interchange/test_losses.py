"""Every built-in loss in a file of a compiled model: the next step is the same on the other side, both ways."""

import numpy as np
import pytest

from kmb_core import losses

from ..losses.test_losses import CASES, FORGOTTEN
from .travel import arrays, assert_close, classes, first_of, sampled, travelled

pytestmark = pytest.mark.parity

NAMES = [name for name in classes(losses, losses.Loss) if name != "Loss"]


def test_every_loss_has_a_case():
    assert {case[0] for case in CASES} == {*NAMES}


def compiled(library, name, options, y):
    """Logits of the case are what the model gives; probabilities where the loss asks for them."""
    shape = y.shape
    # Keras on TensorFlow takes what a softmax was given for what a sigmoid was, where a binary loss follows.
    activation = "sigmoid" if name.startswith("Binary") else "softmax"
    activation = None if options.get("from_logits") or name == "CTC" else activation
    inputs = library.Input(shape[1:])
    outputs = library.layers.Dense(shape[-1], activation=activation)(inputs)
    model = library.Model(inputs, outputs)
    model.compile(library.optimizers.SGD(0.1), getattr(library.losses, name)(**options))
    return model


@pytest.mark.parametrize("name", sampled(NAMES))
def test_the_next_step_is_the_same_on_the_other_side(name, direction, tmp_path, counted):
    counted("losses", name)
    writer, reader = direction
    kept = [case for case in CASES if case[0] == name and not {*FORGOTTEN.get(name, ())} & {*case[1]}]
    for _, options, y_true, y_pred in first_of(kept):
        y_true, y_pred = np.ascontiguousarray(y_true), np.ascontiguousarray(y_pred)
        model = compiled(writer, name, options, y_pred)
        model.train_on_batch(y_pred, y_true)
        read = travelled(model, reader, tmp_path)
        steps = [np.array([m.train_on_batch(y_pred, y_true) for _ in range(2)], "float64") for m in (model, read)]
        assert_close(steps[1:], steps[:1])
        assert_close(arrays(reader, read.trainable_weights), arrays(writer, model.trainable_weights))
