"""Losses against the formulas in NumPy, a distiller's step against the sum of its parts."""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, losses, ops
from kmb_core.distillation import DistillationLoss, Distiller, FeatureDistillation, LogitsDistillation
from kmb_core.errors import CapabilityError

generator = np.random.default_rng(0)
TEACHER, STUDENT = (generator.normal(size=(4, 3)).astype("float32") for _ in range(2))
X, Y = generator.normal(size=(8, 4)).astype("float32"), np.arange(8) % 3


def softened(x, temperature):
    e = np.exp(x / temperature)
    return e / e.sum(-1, keepdims=True)


def divergence(teacher, student, temperature):
    p, q = softened(teacher, temperature), softened(student, temperature)
    return (p * np.log(p / q)).sum(-1).mean() * temperature**2


def model(hidden=5, name=None):
    parts = [kmb_core.Input((4,)), layers.Dense(hidden, activation="tanh", name="hidden"), layers.Dense(3, name="out")]
    return kmb_core.Sequential(parts, name=name)


@pytest.mark.parametrize("loss", ["kl_divergence", losses.KLDivergence()])
def test_logits_are_softened_and_the_divergence_scaled_back(loss):
    found = LogitsDistillation(2.0, loss).compute_loss(ops.convert_to_tensor(TEACHER), ops.convert_to_tensor(STUDENT))
    np.testing.assert_allclose(float(found), divergence(TEACHER, STUDENT, 2.0), rtol=1e-4)


def test_other_losses_compare_the_logits_over_the_temperature():
    found = LogitsDistillation(2.0, "mse").compute_loss(ops.convert_to_tensor(TEACHER), ops.convert_to_tensor(STUDENT))
    np.testing.assert_allclose(float(found), np.mean((TEACHER - STUDENT) ** 2) / 4, rtol=1e-5)


def test_outputs_in_a_structure_have_a_loss_each_and_none_counts_nothing():
    loss = FeatureDistillation({"a": "mse", "b": None})
    sides = [{"a": ops.convert_to_tensor(x), "b": ops.convert_to_tensor(x)} for x in (TEACHER, STUDENT)]
    loss.validate_outputs(*sides)
    np.testing.assert_allclose(float(loss.compute_loss(*sides)), np.mean((TEACHER - STUDENT) ** 2), rtol=1e-5)
    with pytest.raises(ValueError, match="structured"):
        loss.validate_outputs(sides[0]["a"], sides[1]["a"])


def features(net, x):
    kernel, bias = net.get_layer("hidden").get_weights()
    return np.tanh(x @ kernel + bias)


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_the_loss_is_the_weighted_sum_of_its_parts(weight):
    teacher, student = model(), model()
    distances = [LogitsDistillation(2.0), FeatureDistillation("mse", "hidden", "hidden")]
    distiller = Distiller(teacher, student, distances, [0.7, 0.3], weight)
    distiller.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    found = distiller.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True)
    high, low = teacher.predict(X, verbose=0), student.predict(X, verbose=0)
    own = -np.log(softened(low, 1.0)[np.arange(8), Y]).mean()
    distance = 0.7 * divergence(high, low, 2.0) + 0.3 * np.mean((features(teacher, X) - features(student, X)) ** 2)
    np.testing.assert_allclose(found["loss"], weight * own + (1 - weight) * distance, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["student_loss"], own if weight else 0.0, rtol=1e-4)
    np.testing.assert_allclose(found["distillation_loss"], distance if weight < 1 else 0.0, rtol=1e-4)
    np.testing.assert_allclose(distiller.predict(X, verbose=0), low, rtol=1e-5)


def test_the_student_learns_and_the_teacher_stays(trains):
    teacher, student = model(), model(8)
    before = teacher.get_weights()
    distiller = Distiller(teacher, student, LogitsDistillation(1.0), student_loss_weight=0.0)
    distiller.compile(kmb_core.optimizers.Adam(0.05), losses.SparseCategoricalCrossentropy(from_logits=True))
    if not trains:
        with pytest.raises(CapabilityError, match="no gradients"):
            distiller.fit(X, Y, verbose=0)
        return
    history = distiller.fit(X, Y, epochs=60, verbose=0).history
    assert history["distillation_loss"][-1] < 0.05 * history["distillation_loss"][0]
    for found, expected in zip(teacher.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert len(distiller.trainable_variables) == 4


def test_a_distiller_is_saved_and_loaded(tmp_path):
    distances = [LogitsDistillation(2.0, losses.KLDivergence()), FeatureDistillation("mse", "hidden", "hidden")]
    distiller = Distiller(model(), model(), distances, [0.5, 2.0], 0.25)
    distiller.compile("sgd", "mse")
    expected = distiller.predict(X, verbose=0)
    distiller.save(tmp_path / "distiller.keras")
    again = kmb_core.saving.load_model(tmp_path / "distiller.keras")
    assert type(again).__name__ == "Distiller"
    np.testing.assert_allclose(again.predict(X, verbose=0), expected, rtol=1e-6)
    assert (again.distillation_loss_weights, again.student_loss_weight) == ([0.5, 2.0], 0.25)
    assert [one.get_config() for one in again.distillation_losses] == [one.get_config() for one in distances]


class Vector(DistillationLoss):
    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        return teacher_outputs[:, 0]


def test_a_distance_that_is_no_scalar_is_refused():
    distiller = Distiller(model(), model(), Vector())
    with pytest.raises(ValueError, match="scalar"):
        distiller.compute_loss(ops.convert_to_tensor(X))


WRONG = {
    "temperature": (lambda: LogitsDistillation(0), "temperature"),
    "no loss": (lambda: LogitsDistillation(loss=None), "no loss at all"),
    "weights": (lambda: Distiller(model(), model(), LogitsDistillation(), [1.0, 2.0]), "2 distillation_loss_weights"),
    "share": (lambda: Distiller(model(), model(), LogitsDistillation(), None, 2.0), "between 0 and 1"),
    "layer": (lambda: Distiller(model(), model(), FeatureDistillation("mse", "nowhere", "out")), "nowhere"),
    "loss": (lambda: Distiller(model(), model(), LogitsDistillation()).compile("sgd"), "no loss"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_refused(case):
    make, match = WRONG[case]
    with pytest.raises(ValueError, match=match):
        make()


def test_what_is_no_model_or_no_distance_is_refused():
    with pytest.raises(TypeError, match="student"):
        Distiller(model(), None, LogitsDistillation())
    with pytest.raises(TypeError, match="DistillationLoss"):
        Distiller(model(), model(), "mse")
