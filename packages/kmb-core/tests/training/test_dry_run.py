"""`fit(dry_run=True)`: everything is tried out, and nothing is changed."""

import io
import random

import numpy as np
import pytest

import kmb_core
from kmb_core import layers
from kmb_core.errors import ShapeError
from kmb_core.training.dry_run_report import DryRun, Part, Passed

trains = pytest.mark.trains


def noisy(*first):
    """A model with state of every kind: weights, statistics, seeds, metrics and an optimizer's slots."""
    inputs = [kmb_core.Input((3,), name="x")] if first else []
    parts = [layers.Dense(4, name="hidden"), layers.Dropout(0.5), layers.BatchNormalization(), layers.Dense(1)]
    model = kmb_core.Sequential([*inputs, *parts], name="noisy")
    model.compile("adam", "mse", metrics=["mae"])
    return model


def state(model):
    """All values, and the global random states."""
    variables = [*model.variables, *model.metrics_variables, *model.optimizer.variables]
    return [np.array(v.numpy()) for v in variables], random.getstate(), np.random.get_state()[1].tolist()


class Heard(kmb_core.callbacks.Callback):
    def set_model(self, model):
        raise AssertionError("a callback was told of the model")


@trains
def test_weights_metrics_optimizer_and_random_states_stay_as_they_were(data):
    model = noisy("built")
    model.fit(*data, batch_size=5, verbose=0)
    history, values = model.history, state(model)
    model.fit(*data, epochs=3, validation_data=data, callbacks=[Heard()], dry_run=True, verbose=0)
    for before, after in zip(values[0], state(model)[0], strict=True):
        np.testing.assert_array_equal(before, after)
    assert state(model)[1:] == values[1:]
    assert model.history is history


@trains
@pytest.mark.parametrize("shape", [(), ("built",)])
def test_training_after_a_dry_run_is_the_training_without_one(data, shape):
    results = []
    for tries in (0, 2):
        kmb_core.utils.set_random_seed(5)
        model = noisy(*shape)
        for _ in range(tries):
            model.fit(*data, batch_size=4, validation_split=0.2, dry_run=True, verbose=0)
        model.fit(*data, batch_size=4, validation_split=0.2, epochs=2, verbose=0)
        results.append(model.get_weights())
    for plain, tried in zip(*results, strict=True):
        np.testing.assert_array_equal(plain, tried)


@trains
def test_the_report_has_shapes_dtypes_and_the_losses(linear, data):
    x, y = data
    model = linear(metrics=["mae"])
    weights = np.ones(10, "float32")
    report = model.fit(x, y, batch_size=4, shuffle=False, sample_weight=weights, validation_data=(x, y), dry_run=True,
                       verbose=0)  # fmt: skip
    found = [(part.name, part.shape, part.dtype, part.size) for part in report.training.parts]
    assert found == [
        ("x", (4, 3), "float32", 48),
        ("y", (4, 1), "float32", 16),
        ("sample_weight", (4,), "float32", 16),
        ("output 'head'", (4, 1), "float32", 16),
    ]
    assert [part.shape for part in report.validation.parts] == [(4, 3), (4, 1), (4, 1)]
    error = x[:4].sum(1, keepdims=True) - y[:4]
    assert report.logs["loss"] == pytest.approx((error**2).mean(), rel=1e-5)
    assert report.training.logs["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    assert list(report.logs) == ["loss", "mae", "val_loss", "val_mae"]
    assert report.memory["weights"] == report.memory["gradients"] == 16
    assert report.process_peak > 1e6


@trains
def test_what_can_be_read_again_is_read_again_and_what_was_taken_is_told(linear, data, pieces):
    batches = pieces(4, *data)

    class Batches:
        def __iter__(self):
            return iter(batches)

    source, stream = Batches(), iter(batches)
    assert linear().fit(source, dry_run=True, verbose=0).taken_from == []
    assert linear().fit(stream, dry_run=True, verbose=0).taken_from == ["list_iterator"]
    assert len(list(stream)) == len(batches) - 1


@trains
def test_mistakes_are_found_and_nothing_is_changed_by_them(data):
    x, y = data
    model = noisy("built")
    model.fit(x, y, verbose=0)
    values = state(model)[0]
    with pytest.raises(ShapeError):
        model.fit(x, y, validation_data=(x[:, :2], y), dry_run=True, verbose=0)
    for before, after in zip(values, state(model)[0], strict=True):
        np.testing.assert_array_equal(before, after)


@trains
def test_the_report_is_printed_unless_the_run_is_silent(linear, data, capsys):
    linear().fit(*data, dry_run=True, verbose=0)
    assert capsys.readouterr().out == ""
    linear().fit(*data, dry_run=True)
    assert "Dry run of 'linear'" in capsys.readouterr().out


def test_the_report_fits_into_any_width():
    from rich.console import Console

    parts = [Part("x['image']", (32, 224, 224, 3), "float32", 4), Part("output 'probabilities'", (32, 1000), "float16")]
    passed = Passed(parts, {"loss": 2.30258, "accuracy": 0.125}, 1.5)
    report = DryRun("resnet", "jax", passed, passed, {"weights": 10**8}, 10**9, 2 * 10**9, ["generator"])
    for width in (40, 80):
        out = io.StringIO()
        Console(file=out, width=width).print(report)
        lines = out.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        text = "".join(out.getvalue().split())
        assert all(word in text for word in ("Training", "Validation", "loss2.303", "95.4MB", "generator"))
    assert repr(report).startswith("DryRun(model='resnet'")
