import sys

import numpy as np
import pytest
import torch

import kmb_core
from kmb_backend_torch.trainer import TorchTrainer, placed
from kmb_core import layers

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(96, 8)).astype("float32")
LABELS = (X[:, 0] > 0).astype("int64") + 2 * (X[:, 1] > 0)


def classifier(**compile_arguments):
    kmb_core.utils.set_random_seed(0)
    model = kmb_core.Sequential(
        [
            kmb_core.Input((8,)),
            layers.Dense(16, activation="relu"),
            layers.Dense(16, activation="relu"),
            layers.Dense(4),
        ]
    )
    arguments = {
        "optimizer": kmb_core.optimizers.Adam(0.01),
        "loss": kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True),
        "metrics": ["accuracy"],
    }
    model.compile(**arguments | compile_arguments)
    return model


def weights_of(model):
    return [variable.numpy() for variable in model.trainable_variables]


def by_hand(weights, batches, rate=0.01, epsilon=1e-7):
    """Losses and weights of Adam on the same MLP, written with torch alone."""
    parameters = [torch.tensor(w, requires_grad=True) for w in weights]
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    losses = []
    for step, (x, y) in enumerate(batches, 1):
        h = torch.from_numpy(x)
        for kernel, bias in zip(parameters[::2], parameters[1::2], strict=True):
            h = h @ kernel + bias
            h = torch.relu(h) if kernel is not parameters[-2] else h
        loss = torch.nn.functional.cross_entropy(h, torch.from_numpy(y))
        gradients = torch.autograd.grad(loss, parameters)
        losses.append(loss.item())
        alpha = rate * (1 - 0.999**step) ** 0.5 / (1 - 0.9**step)
        with torch.no_grad():
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m += (g - m) * 0.1
                v += (g * g - v) * 0.001
                p -= alpha * m / (v.sqrt() + epsilon)
    return losses, [p.detach().numpy() for p in parameters]


def test_the_steps_of_fit_are_those_of_a_hand_written_loop():
    model = classifier(metrics=None)
    start = weights_of(model)
    batches = [(X[i : i + 32], LABELS[i : i + 32]) for i in (0, 32, 64)] * 2
    history = model.fit(X, LABELS, batch_size=32, epochs=2, shuffle=False, verbose=0).history
    losses, weights = by_hand(start, batches)
    np.testing.assert_allclose(history["loss"], [np.mean(losses[:3]), np.mean(losses[3:])], rtol=1e-5)
    for found, expected in zip(weights_of(model), weights, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_fit_learns_and_evaluate_and_predict_agree():
    model = classifier()
    history = model.fit(X, LABELS, epochs=30, verbose=0, validation_data=(X, LABELS)).history
    assert history["accuracy"][-1] > 0.9
    result = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert result["accuracy"] == pytest.approx(history["val_accuracy"][-1])
    predicted = model.predict(X, verbose=0)
    assert isinstance(predicted, np.ndarray)
    assert (predicted.argmax(-1) == LABELS).mean() == pytest.approx(result["accuracy"])


def test_training_goes_on_after_evaluation_under_inference_mode():
    model = classifier()
    model.evaluate(X, LABELS, verbose=0)
    model.predict(X, verbose=0)
    before = model.evaluate(X, LABELS, verbose=0, return_dict=True)["loss"]
    model.fit(X, LABELS, epochs=3, verbose=0)
    assert model.evaluate(X, LABELS, verbose=0, return_dict=True)["loss"] < before


def test_single_batches_train_test_and_predict():
    model = classifier()
    losses = [model.train_on_batch(X, LABELS, return_dict=True)["loss"] for _ in range(10)]
    assert losses[-1] < losses[0]
    assert set(model.test_on_batch(X, LABELS, return_dict=True)) == {"loss", "accuracy"}
    assert model.predict_on_batch(X).shape == (96, 4)


class Noted(kmb_core.Model):
    """Overrides the steps in torch's style."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
        self.notes = []

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x, y = data
        self.notes.append(("train", type(x)))
        self.zero_grad()
        loss = self.compute_loss(y=y, y_pred=self(x, training=True))
        loss.backward()
        variables = self.trainable_variables
        with torch.no_grad():
            self.optimizer.apply([v.value.grad for v in variables], variables)
        return {"my_loss": loss.detach()}

    def test_step(self, data):
        self.notes.append(("test", torch.is_inference_mode_enabled()))
        return super().test_step(data)

    def predict_step(self, data):
        return super().predict_step(data) * 0 + 7


def test_overridden_steps_get_tensors_and_may_call_the_default_ones():
    model = Noted()
    model.compile(
        optimizer=kmb_core.optimizers.SGD(0.5), loss=kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    history = model.fit(X, LABELS, epochs=8, verbose=0).history
    assert history["my_loss"][-1] < history["my_loss"][0]
    assert "loss" in model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert set(model.predict(X, verbose=0).ravel().tolist()) == {7}
    assert set(model.notes) == {("train", torch.Tensor), ("test", True)}


class Scaled(kmb_core.Model):
    """Overrides the train step only to call the default one."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        logs = super().train_step(data)
        return {**logs, "twice": 2 * logs["loss"]}


def test_the_default_train_step_returns_logs():
    model = Scaled()
    model.compile(optimizer="sgd", loss=kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(X, LABELS, verbose=0).history
    assert history["twice"][0] == pytest.approx(2 * history["loss"][0])


def test_frozen_weights_stay_and_get_no_gradient():
    model = classifier()
    model.layers[0].trainable = False
    model.compile(optimizer="adam", loss=model.loss)
    before = model.layers[0].kernel.numpy()
    model.fit(X, LABELS, verbose=0)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), before)


def test_regularizers_and_added_losses_count():
    class Penalized(layers.Layer):
        def call(self, x):
            self.add_loss(kmb_core.ops.convert_to_tensor(10.0))
            return x

    model = kmb_core.Sequential([kmb_core.Input((8,)), Penalized(), layers.Dense(4, kernel_regularizer="l2")])
    model.compile(
        optimizer=kmb_core.optimizers.SGD(0.0), loss=kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    loss = model.train_on_batch(X, LABELS, return_dict=True)["loss"]
    plain = model.loss(LABELS, model(X))
    penalty = 0.01 * (model.layers[-1].kernel.numpy() ** 2).sum()
    assert loss == pytest.approx(plain.item() + penalty + 10, rel=1e-5)


@pytest.mark.parametrize("weighting", ["sample_weight", "class_weight"])
def test_weights_of_samples_reach_the_loss(weighting):
    model = classifier(metrics=None)
    chosen = (LABELS == 1).astype("float32")
    given = {"sample_weight": chosen} if weighting == "sample_weight" else {"class_weight": {0: 0, 1: 1, 2: 0, 3: 0}}
    expected = model.loss(LABELS, model(X), sample_weight=chosen)
    assert model.train_on_batch(X, LABELS, return_dict=True, **given)["loss"] == pytest.approx(
        float(expected), rel=1e-5
    )


def test_several_inputs_and_outputs_in_dicts_and_lists():
    left, right = kmb_core.Input((8,), name="left"), kmb_core.Input((8,), name="right")
    h = layers.Concatenate()([left, right])
    model = kmb_core.Model({"left": left, "right": right}, [layers.Dense(1)(h), layers.Dense(2)(h)])
    model.compile(optimizer="adam", loss=["mse", "mse"])
    data = {"left": X, "right": X}
    targets = [X[:, :1], X[:, :2]]
    history = model.fit(data, targets, epochs=5, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert [part.shape for part in model.predict(data, verbose=0)] == [(96, 1), (96, 2)]


def test_a_module_of_torch_inside_a_model_learns_and_changes_its_mode():
    modes = []

    class Net(kmb_core.Model):
        def __init__(self):
            super().__init__()
            self.norm = torch.nn.BatchNorm1d(8)
            self.dense = layers.Dense(4)

        def call(self, x):
            modes.append(self.norm.training)
            return self.dense(self.norm(x))

    model = Net()
    model.compile(optimizer="adam", loss=kmb_core.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(X, LABELS, verbose=0)
    assert modes[-1] is True
    model.predict(X, verbose=0)
    assert modes[-1] is False


def test_batches_may_be_tensors_lists_read_only_arrays_and_64_bit():
    model = classifier()
    for x in (torch.from_numpy(X), X.astype("float64"), np.broadcast_to(X[:1], X.shape)):
        assert np.isfinite(model.train_on_batch(x, LABELS, return_dict=True)["loss"])
    shared = np.ones((2, 3), "float32")
    assert placed((shared,))[0].data_ptr() == shared.ctypes.data


def test_no_gradients_are_left_behind():
    model = classifier()
    model.fit(X, LABELS, verbose=0)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_steps_per_execution_gives_the_same_weights():
    results = []
    for steps in (1, 3):
        model = classifier(steps_per_execution=steps)
        model.fit(X, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0)
        results.append(weights_of(model))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.slow
def test_compiled_training_gives_the_same_losses():
    histories = [
        classifier(jit_compile=choice).fit(X, LABELS, batch_size=32, epochs=3, shuffle=False, verbose=0).history
        for choice in (False, True)
    ]
    np.testing.assert_allclose(histories[0]["loss"], histories[1]["loss"], rtol=1e-4)


def calls_of(function):
    count = 0

    def profile(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    function(), function()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def native_step():
    net = torch.nn.Sequential(
        torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4)
    )
    optimizer, criterion = torch.optim.Adam(net.parameters()), torch.nn.CrossEntropyLoss()

    def step():
        x, y = torch.from_numpy(X), torch.from_numpy(LABELS)
        optimizer.zero_grad()
        criterion(net(x), y).backward()
        optimizer.step()

    return net, step


@pytest.fixture
def _nothing_else_in_use(monkeypatch):
    """What other tests have switched on for the whole process: added losses and masks."""
    from kmb_core.backend import masks
    from kmb_core.layers.tracking import losses_in_use

    monkeypatch.setattr(losses_in_use, "any", False)
    monkeypatch.setattr(masks.in_use, "any", False)


@pytest.mark.usefixtures("_nothing_else_in_use")
def test_a_training_step_makes_at_most_120_calls_more_than_a_native_one():
    model = classifier(metrics=None)
    model.train_on_batch(X, LABELS)
    assert isinstance(model.trainer, TorchTrainer)
    _, step = native_step()
    with model.trainer.phase("train"):
        assert calls_of(lambda: model.trainer.run_train((X, LABELS))) <= calls_of(step) + 120


@pytest.mark.usefixtures("_nothing_else_in_use")
def test_predicting_a_batch_makes_at_most_100_calls_more_than_the_raw_call():
    model = classifier()
    net, _ = native_step()
    raw = calls_of(lambda: net(torch.from_numpy(X)).detach().numpy())
    assert calls_of(lambda: model.predict_on_batch(X)) <= raw + 100
