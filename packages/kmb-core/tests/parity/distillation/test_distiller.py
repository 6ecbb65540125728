"""A distiller's training is Keras's.

Differs on purpose: with loss="kl_divergence", the default, Keras compares the outputs themselves and not the
probabilities that it documents, because it looks for an object of the class KLDivergence; here both mean the same.
"""

import numpy as np
import pytest

import kmb_core
from kmb_core import distillation

pytestmark = pytest.mark.parity

generator = np.random.default_rng(0)
X, Y = generator.normal(size=(8, 4)).astype("float32"), np.arange(8) % 3


@pytest.fixture(scope="module")
def keras():
    return pytest.importorskip("keras")


def trained(library, module, weights):
    def model():
        dense = library.layers.Dense
        parts = [library.layers.Input((4,)), dense(5, activation="tanh", name="hidden"), dense(3, name="out")]
        return library.Sequential(parts)

    teacher, student = model(), model()
    teacher.set_weights(weights[:4])
    student.set_weights(weights[4:])
    distances = [
        module.LogitsDistillation(2.0, library.losses.KLDivergence()),
        module.FeatureDistillation("mse", "hidden", "hidden"),
    ]
    distiller = module.Distiller(teacher, student, distances, [0.7, 0.3], 0.4)
    loss = library.losses.SparseCategoricalCrossentropy(from_logits=True)
    distiller.compile(library.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    history = distiller.fit(X, Y, epochs=3, batch_size=4, shuffle=False, verbose=0).history
    return history, student.get_weights(), [one.get_config().keys() for one in distances]


def test_three_epochs_end_alike(keras):
    shapes = [(4, 5), (5,), (5, 3), (3,)] * 2
    weights = [generator.normal(size=shape).astype("float32") for shape in shapes]
    ours, own, configs = trained(kmb_core, distillation, weights)
    theirs, other, their_configs = trained(keras, keras.distillation, weights)
    assert ours.keys() == theirs.keys()
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=2e-4, err_msg=name)
    for found, expected in zip(own, other, strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=1e-6)
    assert configs == their_configs
