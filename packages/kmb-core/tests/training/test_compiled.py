"""What compile() makes of losses and metrics: results, names and refusals, as Keras 3.15.1 gives them."""

import numpy as np
import pytest

from kmb_core import KerasTensor, losses, metrics, ops
from kmb_core.backend import convert_to_numpy
from kmb_core.training.compiled import CompileLoss, CompileMetrics

CLASSES = np.array([0, 1, 2, 1])
SCORES = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]], dtype="float32")
BITS = np.array([[0.0], [1.0], [1.0], [0.0]], dtype="float32")
WEIGHTS = np.array([1.0, 2.0, 3.0, 0.0], dtype="float32")
SURPRISE = -np.log(SCORES[np.arange(4), CLASSES])


def scores():
    return ops.convert_to_tensor(SCORES)


def halves():
    return ops.full((4, 1), 0.5)


def two():
    return {"a": CLASSES, "b": BITS}, {"a": scores(), "b": halves()}


def numbers(results):
    return {key: round(float(value), 4) for key, value in results.items()}


@pytest.mark.parametrize(
    "loss",
    [
        "sparse_categorical_crossentropy",
        "SparseCategoricalCrossentropy",
        "crossentropy",
        losses.sparse_categorical_crossentropy,
        losses.SparseCategoricalCrossentropy(),
        losses.serialize(losses.SparseCategoricalCrossentropy()),
        ["sparse_categorical_crossentropy"],
        {"head": "sparse_categorical_crossentropy"},
    ],
)
def test_one_output_takes_a_loss_in_every_form(loss):
    compiled = CompileLoss(loss, output_names=["head"])
    compiled.build(KerasTensor((None,), "int32"), KerasTensor((None, 3)))
    assert float(compiled(CLASSES, scores())) == pytest.approx(SURPRISE.mean(), rel=1e-5)
    assert float(compiled(CLASSES, scores(), WEIGHTS)) == pytest.approx((SURPRISE * WEIGHTS).mean(), rel=1e-5)
    assert compiled.metrics == []


def test_a_weight_multiplies_the_loss_of_one_output():
    assert float(CompileLoss("mse", 3.0)(BITS, halves())) == 0.75
    assert float(CompileLoss(["mse"], [2.0])([BITS], [halves()])) == 0.5


def test_a_function_of_ones_own_gets_floats():
    def difference(y_true, y_pred):
        return ops.mean(ops.absolute(y_true - y_pred), axis=-1)

    assert float(CompileLoss(difference)(BITS.astype("int32"), halves())) == 0.5


def test_several_outputs_are_summed_with_weights_and_tracked_without():
    compiled = CompileLoss({"a": "sparse_categorical_crossentropy", "b": "mse"}, {"a": 2.0})
    targets, outputs = two()
    assert float(compiled(targets, outputs)) == pytest.approx(2 * SURPRISE.mean() + 0.25, rel=1e-5)
    assert numbers({m.name: m.result() for m in compiled.metrics}) == {
        "a_loss": round(float(SURPRISE.mean()), 4),
        "b_loss": 0.25,
    }
    assert [v.path for v in compiled.variables][:2] == ["compile_loss/a_loss/total", "compile_loss/a_loss/count"]
    assert float(compiled.metrics[0].count) == 4.0


def test_an_output_without_a_loss_is_left_out():
    for loss in ({"b": "mse"}, {"a": None, "b": "mse"}):
        compiled = CompileLoss(loss)
        assert float(compiled(*two())) == 0.25
        assert compiled.metrics == []


def test_one_loss_serves_all_outputs():
    assert float(CompileLoss("mse", output_names=["a", "b"])([BITS, BITS], [halves(), halves()])) == 0.5


def test_sample_weights_by_output_and_for_all():
    targets, outputs = two()
    loss = {"a": "sparse_categorical_crossentropy", "b": "mse"}
    weighted = (SURPRISE * WEIGHTS).mean()
    assert float(CompileLoss(loss)(targets, outputs, {"a": WEIGHTS})) == pytest.approx(weighted + 0.25, rel=1e-5)
    assert float(CompileLoss(loss)(targets, outputs, WEIGHTS)) == pytest.approx(
        weighted + 0.25 * WEIGHTS.mean(), rel=1e-5
    )


def test_targets_by_name_for_outputs_in_a_list():
    compiled = CompileLoss({"a": "sparse_categorical_crossentropy", "b": "mse"}, output_names=["a", "b"])
    targets, outputs = two()
    assert float(compiled(targets, [outputs["a"], outputs["b"]])) == pytest.approx(SURPRISE.mean() + 0.25, rel=1e-5)


def test_nested_outputs_take_losses_nested_alike():
    outputs = {"left": [halves(), halves()], "right": halves()}
    targets = {"left": [BITS, BITS], "right": BITS}
    compiled = CompileLoss({"left": ["mse", "mae"], "right": "mse"})
    assert float(compiled(targets, outputs)) == 0.25 + 0.5 + 0.25


@pytest.mark.parametrize(
    ("loss", "match"),
    [
        ({"a": "mse", "z": "mse"}, "z"),
        (["mse"], "1 entries for 2"),
        (["mse"] * 3, "3 entries for 2"),
        ("mean_sqared", "mean_sqared"),
    ],
)
def test_losses_that_fit_no_outputs_are_refused(loss, match):
    with pytest.raises(ValueError, match=match):
        CompileLoss(loss).build(*two())


def test_two_losses_for_one_output_are_refused():
    with pytest.raises(ValueError, match="2 entries"):
        CompileLoss(["mse", "mae"]).build(BITS, halves())


def test_targets_of_another_number_are_refused():
    with pytest.raises(ValueError, match="1 targets for 2 outputs"):
        CompileLoss("mse").build(BITS, [halves(), halves()])


@pytest.mark.parametrize(
    ("target", "output", "expected"),
    [
        ((None,), (None, 3), "SparseCategorical"),
        ((None, 1), (None, 3), "SparseCategorical"),
        ((None, 3), (None, 3), "Categorical"),
        ((None, 1), (None, 1), "Binary"),
        ((None,), (None,), "Binary"),
        ((None, 7), (None, 7, 3), "SparseCategorical"),
        ((None, 7, 3), (None, 7, 3), "Categorical"),
    ],
)
def test_accuracy_and_crossentropy_depend_on_the_shapes(target, output, expected):
    compiled = CompileMetrics(["accuracy", "crossentropy"], None)
    compiled.build(KerasTensor(target), KerasTensor(output))
    assert [type(m).__name__ for m in compiled.leaves] == [f"{expected}Accuracy", f"{expected}Crossentropy"]


def test_results_of_one_output_are_called_as_they_were_asked_for():
    def off_by(y_true, y_pred):
        return ops.mean(ops.absolute(y_true - y_pred), axis=-1)

    asked = [
        "acc",
        "MSE",
        "mean_absolute_error",
        metrics.MeanSquaredError(name="mine"),
        metrics.MeanSquaredError,
        off_by,
        losses.Huber(),
    ]
    compiled = CompileMetrics(asked, None)
    compiled.update_state(BITS, halves())
    assert list(compiled.result()) == [
        "acc",
        "MSE",
        "mean_absolute_error",
        "mine",
        "mean_squared_error",
        "off_by",
        "huber_loss",
    ]


def test_equal_names_are_told_apart():
    compiled = CompileMetrics(["mae", "mae"], ["mae"])
    compiled.update_state(BITS, halves(), WEIGHTS)
    assert list(compiled.result()) == ["mae", "mae_1", "weighted_mae"]


def test_only_weighted_metrics_get_weights():
    compiled = CompileMetrics(["accuracy"], ["acc"])
    compiled.update_state(CLASSES, scores(), WEIGHTS)
    assert numbers(compiled.result()) == {"accuracy": 0.5, "acc": 0.5}
    compiled.reset_state()
    compiled.update_state(CLASSES, scores(), np.array([1.0, 1.0, 0.0, 0.0]))
    assert numbers(compiled.result()) == {"accuracy": 0.5, "acc": 1.0}


def test_results_of_several_outputs_start_with_the_outputs_name():
    compiled = CompileMetrics({"a": "accuracy", "b": ["mse", "mae"]}, None)
    compiled.update_state(*two())
    assert numbers(compiled.result()) == {"a_accuracy": 0.5, "b_mse": 0.25, "b_mae": 0.5}


def test_a_list_of_lists_follows_the_outputs():
    compiled = CompileMetrics([["mae"], ["mse"]], None, output_names=["a", "b"])
    compiled.update_state([BITS, BITS], [halves(), halves()])
    assert numbers(compiled.result()) == {"a_mae": 0.5, "b_mse": 0.25}


def test_metrics_of_outputs_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="c"):
        CompileMetrics({"a": "mae", "c": "mse"}, None).build(*two())


def test_a_bare_name_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match=r"\['accuracy'\]"):
        CompileMetrics("accuracy", None)


def test_the_collection_is_one_metric_to_a_model():
    compiled = CompileMetrics(["mse", "mae"], None)
    assert compiled.metrics == []
    compiled.update_state(BITS, halves())
    assert compiled.metrics == [compiled]
    assert len(compiled.variables) == 4
    compiled.reset_state()
    assert all(convert_to_numpy(v.value) == 0 for v in compiled.variables)
