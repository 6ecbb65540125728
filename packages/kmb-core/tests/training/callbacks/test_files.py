"""ModelCheckpoint and CSVLogger: when, where, and what happens when it cannot be written."""

import csv
import os

import numpy as np
import pytest

from kmb_core.errors import CheckpointError
from kmb_core.training.callbacks import CallbackList, CSVLogger, ModelCheckpoint
from kmb_core.training.logs import Logs


class Model:
    """Saves by writing the names that it was asked for."""

    stop_training = False
    metrics = ()

    def __init__(self):
        self.saved = []

    def save(self, filepath, overwrite=False):
        assert overwrite
        with open(filepath, "w") as file:
            file.write("model")
        self.saved.append(os.path.basename(filepath))

    def save_weights(self, filepath, overwrite=False):
        self.save(filepath, overwrite)
        self.saved[-1] += " (weights)"


def run(callback, values, batches=4, name="val_loss", model=None):
    model = model or Model()
    callbacks = CallbackList([callback], model=model, epochs=len(values), steps=batches)
    callbacks.on_train_begin()
    for epoch, value in enumerate(values):
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            callbacks.on_train_batch_begin(batch)
            callbacks.on_train_batch_end(batch, Logs({"loss": np.float32(batch)}))
        callbacks.on_epoch_end(epoch, Logs({name: value}))
    callbacks.on_train_end()
    return model.saved


def test_a_model_is_saved_after_each_epoch_under_its_own_name(tmp_path):
    names = run(ModelCheckpoint(tmp_path / "m-{epoch:02d}-{val_loss:.2f}.keras"), [0.5, 0.256])
    assert names == ["m-01-0.50.keras", "m-02-0.26.keras"]


def test_weights_alone_are_saved_on_request(tmp_path):
    assert run(ModelCheckpoint(str(tmp_path / "m.weights.h5"), save_weights_only=True), [1]) == [
        "m.weights.h5 (weights)"
    ]


def test_only_improvements_are_saved_on_request(tmp_path):
    names = run(ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True), [3, 4, 2, 2, 1])
    assert names == ["1.keras", "3.keras", "5.keras"]


def test_a_threshold_has_to_be_beaten_first(tmp_path):
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=True, initial_value_threshold=2.5)
    assert run(checkpoint, [3, 4, 2]) == ["3.keras"]


def test_a_rising_metric_is_saved_at_its_highest(tmp_path):
    checkpoint = ModelCheckpoint(tmp_path / "{epoch}.keras", "val_accuracy", save_best_only=True)
    assert run(checkpoint, [0.5, 0.4, 0.6], name="val_accuracy") == ["1.keras", "3.keras"]


def test_a_number_of_batches_counts_on_over_the_epochs(tmp_path):
    names = run(ModelCheckpoint(tmp_path / "{epoch}-{batch}-{loss:.0f}.keras", save_freq=3), [1, 1, 1])
    assert names == ["1-3-2.keras", "2-2-1.keras", "3-1-0.keras", "3-4-3.keras"]


def test_batches_that_are_reported_together_all_count(tmp_path):
    checkpoint, model = ModelCheckpoint(tmp_path / "{batch}.keras", save_freq=4), Model()
    checkpoint.set_model(model)
    checkpoint.on_epoch_begin(0)
    for batch in (1, 3, 5, 7):
        checkpoint.on_train_batch_end(batch, {})
    assert model.saved == ["4.keras", "8.keras"]


def test_batches_cost_nothing_where_it_saves_once_an_epoch():
    assert not CallbackList([ModelCheckpoint("m.keras")]).wants("on_train_batch_end")
    assert CallbackList([ModelCheckpoint("m.keras", save_freq=2)]).wants("on_train_batch_end")


def test_a_missing_metric_warns_and_saves_nothing(tmp_path):
    with pytest.warns(UserWarning, match="'val_loss' is not in the logs, so nothing is saved.*There are: other"):
        assert run(ModelCheckpoint(tmp_path / "m.keras", save_best_only=True), [1, 2], name="other") == []


def test_folders_are_made(tmp_path):
    run(ModelCheckpoint(tmp_path / "a" / "{epoch}" / "m.keras"), [1])
    assert (tmp_path / "a" / "1" / "m.keras").read_text() == "model"


def test_a_name_that_is_not_known_lists_those_that_are(tmp_path):
    with pytest.raises(KeyError, match=r"names 'accuracy'.*there are: epoch, val_loss"):
        run(ModelCheckpoint(tmp_path / "{accuracy}.keras"), [1])


def test_a_failing_save_names_the_path_and_keeps_the_old_file(tmp_path):
    class Full(Model):
        def save(self, filepath, overwrite=False):
            raise OSError(28, "No space left on device")

    path = tmp_path / "m.keras"
    path.write_text("old")
    with pytest.raises(CheckpointError, match=r"(?s)m\.keras.*could not be written.*No\s+space left") as caught:
        run(ModelCheckpoint(path), [1], model=Full())
    assert path.read_text() == "old"
    assert isinstance(caught.value.__cause__, OSError)


def test_a_path_that_is_a_folder_is_named(tmp_path):
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(CheckpointError, match=r"m\.keras"):
        run(ModelCheckpoint(tmp_path / "m.keras"), [1])


@pytest.mark.parametrize(
    "arguments",
    [
        {"filepath": "model"},
        {"filepath": "model.h5", "save_weights_only": True},
        {"filepath": "model.keras", "save_freq": "week"},
    ],
)
def test_arguments_that_do_not_fit_are_refused_at_once(arguments):
    with pytest.raises(ValueError, match="ModelCheckpoint"):
        ModelCheckpoint(**arguments)


def test_it_tells_of_each_file_when_asked(tmp_path, capsys):
    run(ModelCheckpoint(tmp_path / "m.keras", save_best_only=True, verbose=1), [1, 2])
    out = capsys.readouterr().out
    assert out.count("saving to") == 1
    assert "not saved" in out


def rows_of(path, separator=","):
    with open(path, newline="") as file:
        return list(csv.reader(file, delimiter=separator))


def test_each_epoch_is_a_row(tmp_path):
    path = tmp_path / "log.csv"
    run(CSVLogger(path, separator=";"), [np.float32(0.5), 0.25])
    assert rows_of(path, ";") == [["epoch", "val_loss"], ["0", "0.5"], ["1", "0.25"]]


def test_validation_that_comes_later_has_its_columns_from_the_start(tmp_path):
    path, logger = tmp_path / "log.csv", CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 1})
    logger.on_epoch_end(1, {"loss": 1, "val_loss": 2})
    logger.on_train_end()
    assert rows_of(path) == [["epoch", "loss", "val_loss"], ["0", "1", "NA"], ["1", "1", "2"]]


def test_a_file_is_continued_on_request(tmp_path):
    path = tmp_path / "log.csv"
    run(CSVLogger(path), [1])
    run(CSVLogger(path, append=True), [2])
    assert rows_of(path) == [["epoch", "val_loss"], ["0", "1.0"], ["0", "2.0"]]
    run(CSVLogger(path), [3])
    assert len(rows_of(path)) == 2


def test_one_logger_writes_two_runs(tmp_path):
    logger = CSVLogger(tmp_path / "log.csv")
    run(logger, [1])
    run(logger, [2, 3], name="other")
    assert rows_of(tmp_path / "log.csv")[0] == ["epoch", "other", "val_other"]
