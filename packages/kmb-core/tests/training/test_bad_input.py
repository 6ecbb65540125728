"""What does not fit is refused with an error that says what, where, expected, got and what to try: the same everywhere.

Each test gives the class and the first line of the message, so that a backend that words it otherwise fails.
"""

import numpy as np
import pytest

import kmb_core
from kmb_core import layers, losses, tree
from kmb_core.errors import CapabilityError, DTypeError, NotCompiledError, ShapeError, StructureError

trains = pytest.mark.trains
X = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
Y = X.sum(1, keepdims=True)


def refused(error, line, function, *arguments, **options):
    """Run a function that has to raise `error` with this first line; gives the whole message."""
    with pytest.raises(error) as caught:
        function(*arguments, **options)
    text = str(caught.value)
    assert text.splitlines()[0] == line
    return text


# Losses and metrics -----------------------------------------------------------------------------------------------


def noted(error, function, *arguments, **options):
    """Run a function that has to raise `error`; gives the notes on it."""
    with pytest.raises(error) as caught:
        function(*arguments, **options)
    return "\n".join(caught.value.__notes__)


@trains
def test_an_error_in_a_loss_or_a_metric_says_in_which_and_of_what(linear):
    def difference(y_true, y_pred):
        return kmb_core.ops.subtract(kmb_core.ops.repeat(y_true, 3, axis=1), kmb_core.ops.repeat(y_pred, 2, axis=1))

    for place, options in {"loss": {"loss": difference}, "metric": {"metrics": [difference]}}.items():
        notes = noted(ShapeError, linear(**options).fit, X, Y, verbose=0)
        assert f"in {place} 'difference' of output 'head', with targets" in notes
        assert "1] and outputs" in notes


@trains
def test_a_loss_or_a_model_that_returns_nothing_is_named(linear):
    def nothing(*_):
        pass

    model = linear(loss=nothing)
    refused(TypeError, "loss 'nothing' returned None", model.fit, X, Y, verbose=0)
    silent = type("Silent", (kmb_core.Model,), {"call": nothing})(name="mute")
    silent.compile("sgd", "mse")
    refused(StructureError, "Silent 'mute': `call` returned None", silent.fit, X, Y, verbose=0)


@trains
def test_class_numbers_may_be_a_list_and_none_of_them_is_nan():
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(2, name="head")])
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    assert np.isfinite(model.fit(X.tolist(), [0, 1] * 5, verbose=0).history["loss"][0])
    with pytest.raises(StructureError, match="class nan in the targets of 'head'"):
        model.fit(X, np.array([0, np.nan] * 5), verbose=0)


# Layers ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "shape", "line"),
    [
        (layers.Conv2D, (2, 5, 5), "Conv2D 'here': expected 4 axes, got shape (2, 5, 5)"),
        (layers.Dense, (3,), "Dense 'here': expected at least 2 axes, got shape (3,)"),
        (layers.Dense, (), "Dense 'here': expected at least 2 axes, got shape ()"),
    ],
)
def test_a_layer_names_itself_and_the_axes_that_it_expects(layer, shape, line):
    made = layer(2, 3, name="here") if layer is layers.Conv2D else layer(2, name="here")
    refused(ShapeError, line, made, np.zeros(shape, "float32"))


@pytest.mark.parametrize(
    ("values", "what"),
    [
        (np.array([["a", "b", "c"]]), "text of shape (1, 3)"),
        (np.array([[b"a", b"b", b"c"]]), "text of shape (1, 3)"),
        (np.array([[None, {}, 3]], dtype=object), "Python objects of shape (1, 3)"),
    ],
)
@pytest.mark.parametrize("is_built", [True, False])
def test_a_layer_that_computes_refuses_what_are_no_numbers(values, what, is_built):
    layer = layers.Dense(2, name="here")
    if is_built:
        layer.build((None, 3))
    refused(DTypeError, f"Dense 'here': expected numbers, got {what}", layer, values)


def test_a_built_layer_expects_the_width_that_it_was_built_for():
    dense = layers.Dense(2, name="here")
    dense(np.zeros((2, 3), "float32"))
    line = "Dense 'here': expected axis -1 to have size 3, got shape (2, 4)"
    refused(ShapeError, line, dense, np.zeros((2, 4), "float32"))


def test_none_is_no_tensor():
    refused(DTypeError, "Dense 'here': expected a tensor, got NoneType", layers.Dense(2, name="here"), None)


# Data -----------------------------------------------------------------------------------------------------------------

METHODS = [pytest.param("fit", marks=trains), "evaluate", "predict"]


def run(model, method, x, y=Y, **options):
    if method == "predict":
        return model.predict(x, verbose=0, **options)
    return getattr(model, method)(x, y, verbose=0, **options)


@pytest.fixture
def model(linear):
    return linear("sgd")


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_width_names_the_model(model, method):
    with pytest.raises(ShapeError, match=r"Functional 'linear': expected shape \(None, 3\), got shape \(\w+, 2\)"):
        run(model, method, X[:, :2])


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_rank_names_the_model(model, method):
    with pytest.raises(ShapeError, match=r"Functional 'linear': expected 2 axes, got shape \(\w+, 1, 3\)"):
        run(model, method, X[:, None])


@pytest.mark.parametrize("method", METHODS)
def test_a_wrong_number_of_inputs_lists_the_inputs(model, method):
    line = "Functional 'linear': expected 1 inputs, got 2"
    assert "The inputs are: x." in refused(StructureError, line, run, model, method, [X, X])


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_name_of_an_input_lists_the_inputs(model, method):
    refused(
        StructureError,
        "Functional 'linear': no value for input 'x'; got values for ['z']",
        run,
        model,
        method,
        {"z": X},
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("x", "what"),
    [
        (np.array([["a", "b", "c"]] * 10), "text"),
        ([["a", "b", "c"]] * 10, "text"),
        (np.zeros((10, 3), "datetime64[s]"), "dates"),
        (X.astype("complex64"), "complex numbers"),
    ],
)
def test_what_is_no_number_is_refused_by_its_path(model, method, x, what):
    line = f"x holds {what}, but model 'linear' expects numbers"
    assert "Encode it first" in refused(DTypeError, line, run, model, method, x)


@trains
def test_targets_of_text_are_refused(model):
    refused(DTypeError, "y holds text, but model 'linear' expects numbers", model.fit, X, ["yes"] * 10, verbose=0)


@pytest.mark.parametrize("method", METHODS)
def test_missing_entries_are_refused_by_their_path(model, method):
    refused(StructureError, "x[1] is None; expected an array.", run, model, method, [X, None])
    refused(StructureError, "x['x'] is None; expected an array.", run, model, method, {"x": None})
    objects = np.array([[1, None, 2]] * 10, dtype=object)
    with pytest.raises(DTypeError, match="x holds Python objects, but model 'linear' expects numbers"):
        run(model, method, objects)


@pytest.mark.parametrize("method", METHODS)
def test_rows_of_many_lengths_are_refused(model, method):
    refused(ShapeError, "x is a list whose rows differ in length.", run, model, method, [[1.0, 2.0], [1.0]], [1, 2])


@pytest.mark.parametrize("method", METHODS)
def test_empty_data_is_refused(model, method):
    refused(ShapeError, "x holds no samples: its first axis has length 0.", run, model, method, X[:0], Y[:0])
    refused(ShapeError, "x holds no array.", run, model, method, [], [])
    refused(ShapeError, "The list_iterator gave no batch.", run, model, method, iter([]), None)


@pytest.mark.parametrize("method", METHODS[:2])
def test_arrays_of_different_lengths_are_listed(model, method):
    refused(ShapeError, "The arrays differ in length: x: 10, y: 7.", run, model, method, X, Y[:7])
    line = "The arrays differ in length: x: 10, y: 10, sample_weight: 3."
    refused(ShapeError, line, run, model, method, X, Y, sample_weight=np.ones(3))
    line = "The arrays of a batch differ in length: x: 10, y: 7."
    refused(ShapeError, line, run, model, method, iter([(X, Y[:7])]), None)


@pytest.mark.parametrize("method", [pytest.param("train_on_batch", marks=trains), "test_on_batch"])
def test_single_batches_are_checked_too(model, method):
    function = getattr(model, method)
    refused(ShapeError, "The arrays of a batch differ in length: x: 10, y: 7.", function, X, Y[:7])
    refused(ShapeError, "A batch holds no samples: the first axis of x has length 0.", function, X[:0], Y[:0])


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_that_is_no_tuple_is_refused(model, method):
    line = "A batch of the list_iterator must be a tuple (x,), (x, y) or (x, y, sample_weight), got ndarray."
    refused(StructureError, line, run, model, method, iter([X]), None)


@trains
def test_a_later_batch_of_another_width_names_the_model(model):
    with pytest.raises(ShapeError, match=r"Functional 'linear': expected shape \(None, 3\), got shape \(\w+, 2\)"):
        model.fit(iter([(X, Y), (X[:, :2], Y)]), verbose=0)


@trains
def test_after_an_error_the_model_trains_as_if_nothing_had_been(model, assert_weights, descent):
    with pytest.raises(ShapeError):
        model.fit(X[:, :2], Y, verbose=0)
    model.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    assert_weights(model, descent([(X, Y)]))


# Targets and losses ---------------------------------------------------------------------------------------------------


def classifier(loss):
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(4)], name="classes")
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("method", METHODS[:2])
@pytest.mark.parametrize(
    ("loss", "y", "line", "remedy"),
    [
        (
            "categorical_crossentropy",
            np.zeros((10, 5), "float32"),
            "ops.categorical_crossentropy: expected target and output of one shape, got",
            "sparse_categorical_crossentropy",
        ),
        (
            "categorical_crossentropy",
            np.zeros(10, "int32"),
            "ops.categorical_crossentropy: expected target and output of one shape, got",
            "Targets that are class numbers belong in sparse_categorical_crossentropy.",
        ),
        (
            "sparse_categorical_crossentropy",
            np.zeros((10, 4), "float32"),
            "ops.sparse_categorical_crossentropy: expected a class number for each row of outputs, got",
            "Targets that are probabilities belong in categorical_crossentropy.",
        ),
        ("mse", np.zeros((10, 3), "float32"), "loss 'mean_squared_error' of output 'dense", "Compare y with"),
    ],
)
def test_targets_that_do_not_fit_the_loss_are_refused(method, loss, y, line, remedy):
    with pytest.raises(ShapeError) as caught:
        run(classifier(loss), method, X, y)
    text = str(caught.value)
    assert text.startswith(line)
    assert remedy in text


@pytest.mark.parametrize("method", METHODS[:2])
def test_weights_that_do_not_fit_the_losses_are_refused(model, method):
    with pytest.raises(ShapeError, match=r"loss: sample weights of shape \(\w+, 5\) do not fit values of shape"):
        run(model, method, X, Y, sample_weight=np.ones((10, 5), "float32"))


@trains
def test_a_loss_must_be_one_number(linear):
    model = linear(loss=losses.MeanSquaredError(reduction="none"))
    with pytest.raises(ShapeError, match="loss 'mean_squared_error': expected one number to minimise, got shape"):
        model.fit(X, Y, verbose=0)


@trains
def test_targets_must_be_there(model):
    line = "model 'linear': nothing to minimise"
    assert "Pass loss=... to compile" in refused(ValueError, line, model.fit, X, verbose=0)


def test_losses_are_for_outputs_that_there_are(linear):
    model = linear(loss={"hed": "mse"})
    line = "compile: loss names outputs that the model has not: hed"
    assert "The outputs are head." in refused(StructureError, line, model.evaluate, X, Y, verbose=0)


# compile and arguments ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_that_is_not_compiled_says_so(method):
    model = kmb_core.Sequential([kmb_core.Input((3,)), layers.Dense(1)], name="raw")
    line = f"model 'raw': {method} needs a compiled model"
    assert "Call model.compile(" in refused(NotCompiledError, line, getattr(model, method), X, Y)


@trains
@pytest.mark.parametrize("method", ["fit", "train_on_batch"])
def test_training_needs_an_optimizer(linear, method):
    line = f"model 'linear': {method} needs an optimizer"
    refused(NotCompiledError, line, getattr(linear(None), method), X, Y)


@pytest.mark.parametrize(
    ("options", "what", "meant"),
    [
        ({"optimizer": "adm"}, "optimizer", "adam"),
        ({"optimizer": "Addam"}, "optimizer", "Adam"),
        ({"optimizer": 3}, "optimizer", None),
        ({"loss": "mean_sqared_error"}, "loss", "mean_squared_error"),
        ({"loss": ["mse", "mze"]}, "loss", "mse"),
        ({"loss": "what?"}, "loss", None),
        ({"loss": 3}, "loss", None),
        ({"metrics": ["accurracy"]}, "metric", "accuracy"),
        ({"metrics": {"head": ["accurracy"]}}, "metric", "accuracy"),
        ({"weighted_metrics": ["accurracy"]}, "metric", "accuracy"),
    ],
)
def test_unknown_names_are_refused_when_compiling_with_those_that_may_be_meant(linear, options, what, meant):
    with pytest.raises(ValueError) as caught:
        linear(**options)
    text = str(caught.value)
    assert text.startswith(f"Unknown {what}: expected a name, a config or a callable, got ")
    last = text.splitlines()[-1]
    assert {"optimizer": "adam", "loss": "mean_squared_error", "metric": "accuracy"}[what] in last.partition("Known")[2]
    suggested = last.partition("Known")[0]
    assert suggested.startswith(f"Did you mean '{meant}'") if meant else suggested == ""


def test_metrics_come_in_a_list(linear):
    refused(
        ValueError, "compile: metrics is a list, a tuple or a dict, got 'mae'; write ['mae']", linear, metrics="mae"
    )


@trains
@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"epochs": "3"}, "fit: epochs is a number of epochs, 0 or more, got '3'"),
        ({"epochs": -1}, "fit: epochs is a number of epochs, 0 or more, got -1"),
        ({"validation_freq": 0}, "fit: validation_freq is a positive int or a list of epochs, got 0"),
        ({"batch_size": 0}, "batch_size is 0; expected a positive number of samples."),
        ({"steps_per_epoch": 0}, "0 steps were asked for; expected at least one."),
        (
            {"validation_split": 1.5},
            "validation_split=1.5 of 10 samples leaves one of the two parts empty.",
        ),
        ({"callbacks": [3]}, "callbacks: expected a Callback or a list of them, got 3"),
    ],
)
def test_arguments_of_fit_that_make_no_sense_are_refused(model, options, line):
    refused(ValueError, line, model.fit, X, Y, verbose=0, **options)


@trains
def test_a_stream_cannot_be_split(model):
    line = "fit: validation_split needs arrays, x is of type list_iterator"
    refused(StructureError, line, model.fit, iter([(X, Y)]), validation_split=0.2, verbose=0)


@trains
def test_nan_in_the_data_gives_nan_and_no_error(model):
    assert np.isnan(model.fit(X * np.nan, Y, verbose=0).history["loss"][0])


def test_nan_in_the_data_is_evaluated_to_nan(model):
    assert np.isnan(model.evaluate(X * np.nan, Y, verbose=0))


# Class numbers --------------------------------------------------------------------------------------------------------

CLASSES = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])


def of_three_classes(**settings):
    """Three classes."""
    model = kmb_core.Sequential([layers.Dense(3, name="scores")], name="classifier")
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True, **settings))
    return model


@pytest.mark.parametrize("number", [3, -1])
def test_a_class_that_does_not_exist_is_refused_before_training(number):
    targets = CLASSES.copy()
    targets[4] = number
    model = of_three_classes()
    line = f"model 'classifier': class {number} in the targets of 'output_0', sample 4; expected 0 to 2"
    refused(StructureError, line, model.evaluate, X, targets, verbose=0)
    refused(StructureError, line, model.test_on_batch, X, targets)


@trains
def test_neither_fit_nor_its_validation_takes_a_class_that_does_not_exist():
    model, wrong = of_three_classes(), CLASSES + 1
    line = "model 'classifier': class 3 in the targets of 'output_0', sample 2; expected 0 to 2"
    model.build((None, 3))
    before = model.get_weights()
    refused(StructureError, line, model.fit, X, wrong, verbose=0)
    refused(StructureError, line, model.train_on_batch, X, wrong)
    refused(StructureError, line, model.fit, X, CLASSES, validation_data=(X, wrong), verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def batches_of_five(targets):
    """A stream of two batches."""
    return iter([(X[:5], targets[:5]), (X[5:], targets[5:])])


STREAMED = "model 'classifier': class 7 in the targets of 'output_0', batch 1, sample 3; expected 0 to 2"


def test_a_class_that_does_not_exist_is_refused_where_a_stream_brings_it():
    targets = CLASSES.copy()
    targets[8] = 7
    refused(StructureError, STREAMED, of_three_classes().evaluate, batches_of_five(targets), verbose=0)


@trains
def test_a_stream_may_train_up_to_the_class_that_does_not_exist():
    targets = CLASSES.copy()
    targets[8] = 7
    model = of_three_classes()
    refused(StructureError, STREAMED, model.fit, batches_of_five(targets), verbose=0)
    refused(StructureError, STREAMED, model.fit, X, CLASSES, validation_data=batches_of_five(targets), verbose=0)
    tensors = (tuple(map(kmb_core.ops.convert_to_tensor, batch)) for batch in batches_of_five(targets))
    refused(StructureError, STREAMED, model.fit, tensors, verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()


@trains
def test_the_class_that_is_ignored_is_no_mistake():
    targets = CLASSES.copy()
    targets[3] = -1
    assert np.isfinite(of_three_classes(ignore_class=-1).fit(X, targets, verbose=0).history["loss"][0])
    refused(StructureError, "model 'classifier': class -1 in the targets of 'output_0', sample 3; expected 0 to 2",
            of_three_classes(ignore_class=7).fit, X, targets, verbose=0)  # fmt: skip


@trains
def test_the_output_whose_targets_name_no_class_is_named():
    inputs = kmb_core.Input((3,))
    outputs = {"a": layers.Dense(1, name="a")(inputs), "b": layers.Dense(3, name="b")(inputs)}
    model = kmb_core.Model(inputs, outputs, name="twins")
    model.compile("sgd", {"a": "mse", "b": losses.SparseCategoricalCrossentropy(from_logits=True)})
    line = "model 'twins': class 9 in the targets of 'b', sample 0; expected 0 to 2"
    refused(StructureError, line, model.fit, X, {"a": Y, "b": CLASSES + 9}, verbose=0)


# Devices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gpu:99", "cpu:77", "quantum", "", "cpu:one"])
def test_a_device_that_does_not_exist_is_refused_by_its_name(name):
    with pytest.raises(CapabilityError, match=f"device '{name}': "):
        kmb_core.device(name)


# State ----------------------------------------------------------------------------------------------------------------


def raising():
    """A stream that ends with an error before its first batch."""
    raise LookupError("no such file")
    yield


def refusals():
    """Calls that nothing comes of, and what they are refused with."""
    wrong, text = X[:, :2], X.astype(str)
    short = Y[:3]
    return {
        "width": (ShapeError, lambda model: model.fit(wrong, Y, verbose=0)),
        "width of validation data": (ShapeError, lambda model: model.fit(X, Y, validation_data=(wrong, Y), verbose=0)),
        "lengths of validation data": (
            ShapeError,
            lambda model: model.fit(X, Y, validation_data=(X, short), verbose=0),
        ),
        "text in validation data": (DTypeError, lambda model: model.fit(X, Y, validation_data=(text, Y), verbose=0)),
        "lengths": (ShapeError, lambda model: model.fit(X, Y[:3], verbose=0)),
        "text": (DTypeError, lambda model: model.fit(text, Y, verbose=0)),
        "empty stream": (ShapeError, lambda model: model.fit(iter([]), verbose=0)),
        "stream that raises": (LookupError, lambda model: model.fit(raising(), verbose=0)),
        "no tuple": (StructureError, lambda model: model.fit(iter([X]), verbose=0)),
        "stream of another width": (ShapeError, lambda model: model.fit(iter([(wrong, Y)]), verbose=0)),
        "epochs": (ValueError, lambda model: model.fit(X, Y, epochs=-1, verbose=0)),
        "steps": (StructureError, lambda model: model.fit(X, Y, steps_per_epoch=0, verbose=0)),
        "callbacks": (ValueError, lambda model: model.fit(X, Y, callbacks=[3], verbose=0)),
        "batch": (ShapeError, lambda model: model.train_on_batch(wrong, Y)),
    }


@trains
@pytest.mark.parametrize("call", refusals())
@pytest.mark.parametrize("has_trained", [True, False])
def test_where_nothing_was_trained_all_state_is_as_before(linear, call, has_trained):
    error, refuse = refusals()[call]
    model = linear(kmb_core.optimizers.Adam(0.1), metrics=["mae"])
    if has_trained:
        model.fit(X, Y, verbose=0)
    before = model.get_state_tree("numpy_array")
    random_before = np.random.get_state()[1:3]
    with pytest.raises(error):
        refuse(model)
    after = model.get_state_tree("numpy_array")
    del before["metrics_variables"], after["metrics_variables"]  # they begin anew with each run
    if not has_trained:  # its moments may have been made by then: they are what they begin with
        assert all(not np.any(value) for value in tree.flatten(after.pop("optimizer_variables")) if value.ndim)
        del before["optimizer_variables"]
    for old, new in zip(tree.flatten(before), tree.flatten(after), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(np.hstack(random_before), np.hstack(np.random.get_state()[1:3]))
    assert np.isfinite(model.fit(X, Y, verbose=0).history["loss"][0])
