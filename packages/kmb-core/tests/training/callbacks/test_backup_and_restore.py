import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import kmb_core
from kmb_core.callbacks import BackupAndRestore, Callback, EarlyStopping
from kmb_core.errors import CheckpointError, StructureError

trains = pytest.mark.trains
SCRIPT = Path(__file__).with_name("interrupted_run.py")


def run(*arguments):
    return subprocess.run([sys.executable, SCRIPT, *map(str, arguments)], check=False).returncode


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Gives the results of the training that was not interrupted."""
    path = tmp_path_factory.mktemp("runs") / "whole"

    def results():
        if not path.with_suffix(".npz").exists():
            assert run(path, 3, "arrays", 1) == 0
        return path

    return results


@trains
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(
    ("save_freq", "number", "status"), [(3, signal.SIGKILL, -signal.SIGKILL), ("epoch", signal.SIGTERM, 143)]
)
def test_a_training_that_is_ended_in_an_epoch_ends_at_the_same_bits_as_one_that_was_not(
    tmp_path, whole, save_freq, number, status
):
    current = kmb_core.backend.current_backend()
    if not current.supports(kmb_core.plugins.Capability.GRADIENTS):
        kmb_core.Sequential([kmb_core.layers.Dense(1)]).trainer.require_training()  # says that it cannot
    whole, cut = whole(), tmp_path / "cut"
    assert run(cut, save_freq, "arrays", 1, 1, 3, int(number)) == status
    assert [path.name for path in cut.iterdir()] == ["latest.npz"]
    assert run(cut, save_freq, "arrays", 2) == 0  # another seed: all random states come from the backup
    with np.load(f"{whole}.npz") as expected, np.load(f"{cut}.npz") as found:
        assert len(found["loss"]) == 4
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    assert not cut.exists()


class Terminate(Callback):
    """Sends SIGTERM at a moment."""

    def __init__(self, moment, epoch=1):
        super().__init__()
        self.epoch, self.now, self.batches = epoch, 0, 0
        self.begun = set()  # which is no part of a backup
        setattr(self, moment, self._send)

    def _send(self, *args, **kwargs):
        if self.now == self.epoch:
            os.kill(os.getpid(), signal.SIGTERM)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch
        self.begun.add(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        self.batches += 1


@pytest.fixture
def handler():
    """What the process does at SIGTERM by itself."""
    calls = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: calls.append(number))
    yield calls
    assert signal.getsignal(signal.SIGTERM)(15, None) is None  # the handler is in its place again
    calls.pop()
    signal.signal(signal.SIGTERM, before)


@trains
@pytest.mark.parametrize("moment", ["on_train_batch_end", "on_test_end", "on_epoch_end"])
def test_sigterm_ends_the_step_saves_does_what_it_did_before_and_exits_with_143(
    linear, data, tmp_path, handler, moment
):
    callbacks = [BackupAndRestore(tmp_path / "b"), Terminate(moment)]
    with pytest.raises(SystemExit) as caught:
        linear().fit(*data, batch_size=2, epochs=5, verbose=0, validation_data=data, callbacks=callbacks)
    assert caught.value.code == 143
    assert handler == [signal.SIGTERM]
    assert (tmp_path / "b" / "latest.npz").exists()
    assert callbacks[1].batches == (6 if moment == "on_train_batch_end" else 10)
    calls = Terminate("on_test_end", epoch=99)
    linear().fit(*data, batch_size=2, epochs=5, verbose=0, callbacks=[BackupAndRestore(tmp_path / "b"), calls])
    assert calls.batches == 25
    assert min(calls.begun) == (1 if moment == "on_train_batch_end" else 2)


@trains
def test_after_the_training_sigterm_does_what_it_did_before(linear, data, tmp_path, handler):
    linear().fit(*data, epochs=1, verbose=0, callbacks=[BackupAndRestore(tmp_path / "b")])
    with pytest.raises(Interruption):
        linear().fit(*data, epochs=9, verbose=0, callbacks=[BackupAndRestore(tmp_path / "c"), Interrupt(1, 0)])
    os.kill(os.getpid(), signal.SIGTERM)
    assert handler == [signal.SIGTERM]


@trains
def test_in_another_thread_signals_are_not_touched(linear, data, tmp_path, handler):
    def train():
        linear().fit(
            *data, epochs=1, verbose=0, callbacks=[BackupAndRestore(tmp_path / "b"), Terminate("on_epoch_end")]
        )

    current = kmb_core.backend.current_backend()
    if not current.supports(kmb_core.plugins.Capability.GRADIENTS):
        train()
    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert not (tmp_path / "b").exists()  # the training came to its end


class Interruption(Exception):
    pass


class Interrupt(Callback):
    def __init__(self, epoch, batch):
        super().__init__()
        self.place, self.now = (epoch, batch), 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.now, batch) == self.place:
            raise Interruption


class Batches(kmb_core.utils.PyDataset):
    def __init__(self, x, y):
        super().__init__()
        self.x, self.y = x, y

    def __len__(self):
        return 5

    def __getitem__(self, index):
        return self.x[2 * index : 2 * index + 2], self.y[2 * index : 2 * index + 2]


def repeated(x, y):
    while True:
        for start in range(0, 10, 2):
            yield x[start : start + 2], y[start : start + 2]


SOURCES = {
    "arrays": lambda x, y: {"x": x, "y": y, "batch_size": 2},
    "arrays with steps": lambda x, y: {
        "x": np.tile(x, (2, 1)),
        "y": np.tile(y, (2, 1)),
        "batch_size": 1,
        "steps_per_epoch": 4,
    },
    "dataset": lambda x, y: {"x": Batches(x, y)},
    "stream": lambda x, y: {"x": repeated(x, y), "steps_per_epoch": 4},
}


@trains
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("save_freq", "place"), [("epoch", (2, 1)), (3, (1, 3)), (1, (0, 1))])
def test_every_source_goes_on_at_the_batch_where_it_was_left(linear, data, tmp_path, source, save_freq, place):
    def train(callbacks):
        model = linear(kmb_core.optimizers.Adam(0.1), metrics=["mae"])
        return model, model.fit(**SOURCES[source](*data), epochs=4, verbose=0, callbacks=callbacks).history

    kmb_core.utils.set_random_seed(1)
    whole, expected = train([])
    kmb_core.utils.set_random_seed(1)
    with pytest.raises(Interruption):
        train([BackupAndRestore(tmp_path / "b", save_freq), Interrupt(*place)])
    kmb_core.utils.set_random_seed(2)
    again, found = train([BackupAndRestore(tmp_path / "b", save_freq)])
    assert found == expected
    for ours, theirs in zip(again.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@trains
def test_what_other_callbacks_know_comes_back(linear, data, tmp_path):
    with pytest.raises(Interruption):
        linear().fit(*data, epochs=9, verbose=0, callbacks=[BackupAndRestore(tmp_path), Interrupt(3, 0)])
    stopping = EarlyStopping("loss", patience=1, min_delta=1e6)  # nothing gets better by so much
    with pytest.raises(Interruption):
        linear().fit(
            *data, epochs=9, verbose=0, callbacks=[stopping, BackupAndRestore(tmp_path / "b"), Interrupt(1, 0)]
        )
    after = EarlyStopping("loss", patience=1, min_delta=1e6)
    history = linear().fit(*data, epochs=9, verbose=0, callbacks=[after, BackupAndRestore(tmp_path / "b")])
    assert (after.best, after.best_epoch) == (stopping.best, 0)
    assert len(history.history["loss"]) == 2


@trains
def test_a_complete_training_leaves_no_backup_unless_told_to(linear, data, tmp_path):
    linear().fit(*data, epochs=1, verbose=0, callbacks=[BackupAndRestore(tmp_path / "a")])
    assert not (tmp_path / "a").exists()
    kept = BackupAndRestore(tmp_path / "b", double_checkpoint=True, delete_checkpoint=False)
    linear().fit(*data, epochs=2, verbose=0, callbacks=[kept])
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["latest.npz", "previous.npz"]


@trains
def test_a_backup_of_another_model_is_refused(linear, data, tmp_path):
    kept = BackupAndRestore(tmp_path, delete_checkpoint=False)
    linear().fit(*data, epochs=1, verbose=0, callbacks=[kept])
    with pytest.raises(CheckpointError, match="changed since"):
        linear("adam").fit(*data, epochs=2, verbose=0, callbacks=[BackupAndRestore(tmp_path)])


@trains
def test_a_damaged_backup_is_refused(linear, data, tmp_path):
    (tmp_path / "latest.npz").write_bytes(b"PK nothing")
    with pytest.raises(CheckpointError, match="is no backup"):
        linear().fit(*data, epochs=1, verbose=0, callbacks=[BackupAndRestore(tmp_path)])


@pytest.mark.parametrize(("folder", "save_freq"), [("", "epoch"), ("b", "batch"), ("b", 0), ("b", True)])
def test_wrong_arguments_are_refused(folder, save_freq):
    with pytest.raises(StructureError, match="BackupAndRestore"):
        BackupAndRestore(folder, save_freq)
