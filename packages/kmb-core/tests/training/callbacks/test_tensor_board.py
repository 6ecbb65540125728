"""TensorBoard: what stands in its files, read back by the package tensorboard itself."""

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.graph import keras_util
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

import kmb_core
from kmb_core.callbacks import BackupAndRestore, CallbackList, TensorBoard
from kmb_core.errors import ShapeError, StructureError
from kmb_core.training.callbacks.event_file import EventFile
from kmb_core.training.callbacks.weight_images import weight_images


class Events:
    """The files of one folder, by tag."""

    def __init__(self, folder):
        self.read = EventAccumulator(str(folder), size_guidance={"tensors": 0})
        self.read.Reload()
        self.tags = set(self.read.Tags()["tensors"])

    def steps(self, tag):
        return [event.step for event in self.read.Tensors(tag)]

    def numbers(self, tag):
        return [event.tensor_proto.float_val[0] for event in self.read.Tensors(tag)]

    def strings(self, tag):
        return [list(event.tensor_proto.string_val) for event in self.read.Tensors(tag)]

    def plugin(self, tag):
        return self.read.SummaryMetadata(tag).plugin_data.plugin_name


def drive(callback, model, epochs=2, batches=4, validation=False, together=1):
    """What `fit` calls, without training."""
    callbacks = CallbackList([callback], model=model, epochs=epochs, steps=batches)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(together - 1, batches, together):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, {"loss": np.float32(10 * epoch + batch), "matrix": np.eye(2)})
        callbacks.on_epoch_end(epoch, {"loss": 1.0 + epoch, **({"val_loss": 5.0 + epoch} if validation else {})})
    callbacks.on_train_end()


@pytest.fixture
def model(linear):
    return linear()


@pytest.mark.trains
def test_a_training_leaves_its_metrics_by_epoch_and_its_validation_beside_them(tmp_path, linear, data):
    model, (x, y) = linear(metrics=["mae"]), data
    history = model.fit(x, y, 5, 3, validation_data=(x, y), callbacks=[TensorBoard(tmp_path)], verbose=0).history
    training, validation = Events(tmp_path / "train"), Events(tmp_path / "validation")
    assert training.tags == {"keras", "epoch_loss", "epoch_mae", "epoch_learning_rate"}
    assert training.steps("epoch_loss") == [0, 1, 2]
    assert training.plugin("epoch_loss") == "scalars"
    np.testing.assert_allclose(training.numbers("epoch_loss"), history["loss"], rtol=1e-6)
    np.testing.assert_allclose(training.numbers("epoch_learning_rate"), [0.1] * 3, rtol=1e-6)
    np.testing.assert_allclose(validation.numbers("epoch_mae"), history["val_mae"], rtol=1e-6)
    assert validation.steps("evaluation_loss_vs_iterations") == [2, 4, 6]
    np.testing.assert_allclose(validation.numbers("evaluation_loss_vs_iterations"), history["val_loss"], rtol=1e-6)


@pytest.mark.trains
def test_histograms_hold_the_weights_after_the_epoch(tmp_path, linear, data):
    model, (x, y) = linear(), data
    model.fit(x, y, 5, 3, callbacks=[TensorBoard(tmp_path, histogram_freq=2)], verbose=0)
    events = Events(tmp_path / "train")
    assert events.steps("head/kernel/histogram") == [0, 2]
    left, right, counts = np.split(histogram(events, "head/kernel/histogram"), 3, axis=1)
    kernel = model.get_weights()[0]
    assert counts.sum() == kernel.size
    np.testing.assert_allclose([left.min(), right.max()], [kernel.min(), kernel.max()], rtol=1e-6)


def histogram(events, tag):
    tensor = events.read.Tensors(tag)[-1].tensor_proto
    return np.frombuffer(tensor.tensor_content, "float64").reshape([size.size for size in tensor.tensor_shape.dim])


@pytest.mark.trains
def test_the_steps_of_a_second_are_those_that_the_optimizer_made(tmp_path, linear, data):
    callback = TensorBoard(tmp_path, write_steps_per_second=True, update_freq="batch")
    linear().fit(*data, 5, 2, callbacks=[callback], verbose=0)
    events = Events(tmp_path / "train")
    assert events.steps("batch_steps_per_second") == [1, 2, 3, 4]
    assert events.steps("epoch_steps_per_second") == [0, 1]
    assert min(events.numbers("batch_steps_per_second") + events.numbers("epoch_steps_per_second")) > 0


@pytest.mark.trains
def test_batches_are_profiled_by_the_profiler_of_the_framework(tmp_path, linear, data):
    linear().fit(*data, 2, 1, callbacks=[TensorBoard(tmp_path, profile_batch=(2, 3))], verbose=0)
    traces = [name for _, _, names in os.walk(tmp_path) for name in names if "tfevents" not in name]
    assert any(name.endswith((".pt.trace.json", ".xplane.pb")) for name in traces)


def test_a_backend_without_a_profiler_warns_and_goes_on(tmp_path, model, monkeypatch):
    monkeypatch.setattr(model, "_backend", Without(model._backend))
    with pytest.warns(UserWarning, match=r"TensorBoard: the \w+ backend has no profiler"):
        drive(TensorBoard(tmp_path, profile_batch=2), model)
    assert Events(tmp_path / "train").steps("epoch_loss") == [0, 1]


class Without:
    """A backend as it is, but for its kernels."""

    kernels = {}

    def __init__(self, backend):
        self.name = backend.name


def test_the_profile_runs_from_the_first_to_the_last_batch(tmp_path, model, monkeypatch):
    calls = []

    class Profiling(Without):
        kernels = {"start_profile": lambda folder: calls.append(folder) or (lambda: calls.append("end"))}

    monkeypatch.setattr(model, "_backend", Profiling(model._backend))
    callback = TensorBoard(tmp_path, profile_batch="5, 6", write_graph=False)
    callback.set_model(model)
    callback.on_train_begin()
    seen = []
    for epoch in range(2):
        callback.on_epoch_begin(epoch)
        for batch in range(4):
            callback.on_train_batch_begin(batch)
            seen.append(len(calls))
            callback.on_train_batch_end(batch)
    assert seen == [0, 0, 0, 0, 1, 1, 2, 2]
    assert calls == [str(tmp_path / "train"), "end"]


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6, 7, 8]), (3, [3, 6])])
def test_metrics_of_batches_are_counted_over_all_epochs(tmp_path, model, update_freq, steps):
    drive(TensorBoard(tmp_path, update_freq=update_freq), model)
    events = Events(tmp_path / "train")
    assert events.steps("batch_loss") == steps
    assert events.numbers("batch_loss") == [10 * ((step - 1) // 4) + (step - 1) % 4 for step in steps]
    assert "batch_matrix" not in events.tags  # no number


def test_batches_that_are_reported_together_all_count(tmp_path, model):
    drive(TensorBoard(tmp_path, update_freq=3), model, together=2)
    assert Events(tmp_path / "train").steps("batch_loss") == [4, 6]


def test_batches_cost_nothing_where_only_epochs_are_written():
    assert not CallbackList([TensorBoard()]).wants("on_train_batch_end")
    assert CallbackList([TensorBoard(update_freq=2)]).wants("on_train_batch_end")
    assert CallbackList([TensorBoard(profile_batch=2)]).wants("on_train_batch_begin")


def test_evaluate_writes_over_the_steps_of_the_optimizer(tmp_path, model, data):
    model.optimizer.iterations.assign(7)
    loss = model.evaluate(*data, callbacks=[TensorBoard(tmp_path)], verbose=0)
    events = Events(tmp_path / "validation")
    assert events.steps("evaluation_loss_vs_iterations") == [7]
    np.testing.assert_allclose(events.numbers("evaluation_loss_vs_iterations"), [loss], rtol=1e-6)


def test_the_model_is_there_for_the_view_of_graphs(tmp_path, model):
    drive(TensorBoard(tmp_path), model)
    events = Events(tmp_path / "train")
    assert events.plugin("keras") == "graph_keras_model"
    description = json.loads(events.strings("keras")[0][0])
    assert description == json.loads(model.to_json())
    nodes = keras_util.keras_model_to_graph_def(description).node
    assert {"linear/x", "linear/head"} <= {node.name for node in nodes}
    drive(TensorBoard(tmp_path / "without", write_graph=False), model)
    assert "keras" not in Events(tmp_path / "without" / "train").tags


def test_a_model_without_json_is_trained_without_its_graph(tmp_path, model, monkeypatch):
    monkeypatch.setattr(type(model), "to_json", lambda self: json.dumps({"layer": object()}))
    with pytest.warns(UserWarning, match="the model has no JSON, so its graph is left out.*object"):
        drive(TensorBoard(tmp_path), model)
    assert Events(tmp_path / "train").tags == {"epoch_loss", "epoch_learning_rate"}


def test_weights_are_drawn_beside_their_histograms(tmp_path, model):
    model.set_weights([np.array([[0.0], [1.0], [2.0]]), np.zeros(1)])
    drive(TensorBoard(tmp_path, histogram_freq=1, write_images=True), model, epochs=1)
    width, height, picture = Events(tmp_path / "train").strings("head/kernel/image")[0]
    assert np.asarray(Image.open(io.BytesIO(picture))).tolist() == [[0, 127, 255]]
    assert (width, height) == (b"3", b"1")


def test_weights_that_are_not_finite_do_not_end_the_training(tmp_path, model):
    model.set_weights([np.array([[np.nan], [1.0], [np.inf]]), np.full(1, np.nan)])
    drive(TensorBoard(tmp_path, histogram_freq=1, write_images=True), model, epochs=1)
    assert histogram(Events(tmp_path / "train"), "head/kernel/histogram")[:, 2].sum() == 1


@pytest.mark.parametrize(
    ("shape", "images"),
    [
        ((4,), (1, 4, 1, 1)),
        ((2, 5), (1, 2, 5, 1)),
        ((5, 2), (1, 2, 5, 1)),
        ((3, 2, 4), (4, 3, 2, 1)),
        ((3, 3, 1, 6), (6, 3, 3, 1)),
        ((3, 3, 3, 6), (6, 3, 3, 3)),
        ((3, 3, 8, 6), (6, 3, 3, 1)),
        ((), None),
        ((0, 2), None),
        ((1, 2, 3, 4, 5), None),
    ],
)
def test_weights_of_each_rank_become_images(shape, images):
    made = weight_images(np.random.default_rng(0).normal(size=shape))
    assert getattr(made, "shape", None) == images
    assert made is None or (made.min(), made.max()) == (0, 1)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_are_read_back_pixel_by_pixel(tmp_path, channels):
    images = np.random.default_rng(0).integers(0, 256, (4, 5, 7, channels)).astype("uint8")
    file = EventFile(tmp_path)
    file.image("picture", images, 3)
    file.close()
    width, height, *pictures = Events(tmp_path).strings("picture")[0]
    assert (width, height, len(pictures)) == (b"7", b"5", 3)
    for picture, image in zip(pictures, images, strict=False):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(picture))).reshape(image.shape), image)


def test_images_of_another_shape_are_refused(tmp_path):
    with pytest.raises(ShapeError, match=r"'picture' has shape \(5, 7\)"):
        EventFile(tmp_path).image("picture", np.zeros((5, 7)), 0)


def test_other_callbacks_add_what_they_like(tmp_path, model):
    class Own(kmb_core.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            board.summary.scalar("own", np.float32(epoch + 0.5), epoch)
            board.summary.text("words", f"epoch **{epoch}**", epoch)

    board = TensorBoard(tmp_path)
    drive([Own(), board], model)
    events = Events(tmp_path / "train")
    assert events.numbers("own") == [0.5, 1.5]
    assert events.strings("words") == [[b"epoch **0**"], [b"epoch **1**"]]


@pytest.fixture
def embedding():
    words = kmb_core.layers.Embedding(5, 2, name="words")
    model = kmb_core.Sequential([kmb_core.Input((3,), dtype="int32"), words, kmb_core.layers.Flatten()])
    model.compile("sgd", "mse")
    return model


def test_tables_of_embeddings_are_there_for_the_projector(tmp_path, embedding):
    drive(TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "names.tsv"}), embedding)
    text = (tmp_path / "projector_config.pbtxt").read_text()
    (table,) = text_format.Parse(text, ProjectorConfig()).embeddings
    assert table.metadata_path == "names.tsv"
    values = np.loadtxt(tmp_path / table.tensor_path, delimiter="\t")
    np.testing.assert_allclose(values, embedding.get_weights()[0], rtol=1e-6)


def test_one_file_of_labels_may_serve_all_embeddings(tmp_path, embedding):
    TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata="names.tsv").set_model(embedding)
    assert 'metadata_path: "names.tsv"' in (tmp_path / "projector_config.pbtxt").read_text()


def test_labels_of_a_layer_that_is_not_there_are_refused(tmp_path, embedding):
    callback = TensorBoard(tmp_path, embeddings_freq=1, embeddings_metadata={"other": "names.tsv"})
    with pytest.raises(StructureError, match=r"(?s)embeddings_metadata names other.*has: words"):
        callback.set_model(embedding)


@pytest.mark.parametrize(
    "arguments",
    [
        {"update_freq": "week"},
        {"update_freq": 0},
        {"profile_batch": "first"},
        {"profile_batch": (3, 2)},
        {"profile_batch": -1},
        {"profile_batch": (1, 2, 3)},
        {"profile_batch": True},
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_once(arguments):
    with pytest.raises(ValueError, match=f"TensorBoard: {next(iter(arguments))}"):
        TensorBoard(**arguments)


def test_without_the_package_the_command_that_installs_it_is_named(model, monkeypatch):
    for module in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ImportError, match=r"(?s)callbacks\.TensorBoard needs.*pip install tensorboard"):
        TensorBoard().set_model(model)


@pytest.mark.trains
def test_a_training_that_goes_on_counts_its_batches_on(tmp_path, linear, data):
    class Interrupt(kmb_core.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise KeyboardInterrupt

    def callbacks():
        return [TensorBoard(tmp_path / "logs", update_freq=1), BackupAndRestore(tmp_path / "backup")]

    with pytest.raises(KeyboardInterrupt):
        linear().fit(*data, 5, 2, callbacks=[*callbacks(), Interrupt()], verbose=0)
    linear().fit(*data, 5, 2, callbacks=callbacks(), verbose=0)
    assert Events(tmp_path / "logs" / "train").steps("batch_loss") == [1, 2, 3, 4]


def test_no_other_framework_is_imported():
    """TensorBoard's own file writer would import TensorFlow, wherever it is installed."""
    program = """
import sys, tempfile, numpy, kmb_core
from kmb_core.training.callbacks.event_file import EventFile
before = set(sys.modules)
file = EventFile(tempfile.mkdtemp())
file.scalar("a", 1, 0), file.histogram("b", numpy.ones(3), 0), file.text("c", "d", 0), file.model("e", "{}")
file.image("f", numpy.ones((1, 2, 2, 1)), 0), file.close()
assert not {"tensorflow", "torch", "jax"} & (set(sys.modules) - before)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
