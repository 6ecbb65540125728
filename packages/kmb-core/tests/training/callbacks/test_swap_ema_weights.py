import numpy as np
import pytest

import kmb_core
from kmb_core.callbacks import Callback, SwapEMAWeights
from kmb_core.errors import StructureError


def averaging():
    return kmb_core.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)


def averages(model):
    return [average.numpy() for average in model.optimizer._averages]


def same(found, expected):
    return all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.trains
def test_evaluation_and_prediction_see_the_averages_and_leave_everything_as_it_was(linear, data):
    model = linear(averaging())
    for _ in range(3):
        model.train_on_batch(*data)
    weights, means = model.get_weights(), averages(model)
    assert not same(weights, means)
    expected = np.mean((data[0] @ means[0] + means[1] - data[1]) ** 2)
    loss = model.evaluate(*data, verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    outputs = model.predict(data[0], verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_allclose(outputs, data[0] @ means[0] + means[1], rtol=1e-5, atol=1e-6)
    assert same(model.get_weights(), weights)
    assert same(averages(model), means)


class Look(Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((self.model.get_weights(), averages(self.model)))


@pytest.mark.trains
@pytest.mark.parametrize("swaps", [False, True])
def test_training_is_the_same_and_the_ends_of_epochs_see_the_averages(linear, data, swaps):
    plain, swapped, look, other = linear(averaging()), linear(averaging()), Look(), Look()
    plain.fit(*data, epochs=3, shuffle=False, verbose=0, callbacks=[look])
    swapped.fit(*data, epochs=3, shuffle=False, verbose=0, callbacks=[SwapEMAWeights(swap_on_epoch=swaps), other])
    assert same(swapped.get_weights(), plain.get_weights())
    for (weights, means), found in zip(look.seen, other.seen, strict=True):
        assert same(found[0], means if swaps else weights)


def test_an_optimizer_without_averages_is_refused(linear, data):
    with pytest.raises(StructureError, match="use_ema=True"):
        linear().evaluate(*data, verbose=0, callbacks=[SwapEMAWeights()])


@pytest.mark.trains
@pytest.mark.parametrize("callbacks", [[], [SwapEMAWeights(swap_on_epoch=True)]])
def test_when_training_ends_the_averages_are_the_weights(linear, data, callbacks):
    model = linear(averaging())
    model.fit(*data, epochs=2, verbose=0, callbacks=callbacks)
    assert same(model.get_weights(), averages(model))
