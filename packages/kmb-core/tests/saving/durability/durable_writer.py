"""A process that writes files until it is killed, or until there is no room: forever|starve|disk WHAT FOLDER.

All weights of a file are the same number, so that one which is mixed from two is seen.
"""

import itertools
import json
import os
import sys

import numpy as np

import kmb_core
from kmb_core.callbacks import BackupAndRestore, Callback, CSVLogger, ModelCheckpoint
from kmb_core.errors import KmbError
from kmb_core.training.callbacks.run_state import read_state

NAMES = {
    "model": "m.keras",
    "weights": "w.weights.h5",
    "shards": "s.weights.json",
    "tensors": "t.safetensors",
    "checkpoint": "c.keras",
    "backup": "backup/latest.npz",
    "log": "log.csv",
}
TRAINING = ("checkpoint", "backup")
X, Y = np.ones((4, 16), "float32"), np.ones((4, 1), "float32")


def say(text):
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def model():
    made = kmb_core.Sequential(
        [kmb_core.Input((16,)), kmb_core.layers.Dense(3000, name="wide"), kmb_core.layers.Dense(1, name="head")]
    )
    made.compile("sgd", "mse")
    return made


def filled(made, value):
    made.set_weights([np.full(weight.shape, value, "float32") for weight in made.weights])


class Fill(Callback):
    """Takes the place of what training does to the weights."""

    value = 0

    def on_train_batch_end(self, batch, logs=None):
        Fill.value += 1
        filled(self.model, Fill.value)


class Stop(Callback):
    """Ends the training with the epoch of the first batch."""

    def __init__(self):
        super().__init__()
        self.seen = set()  # which is no part of a backup

    def on_train_batch_end(self, batch, logs=None):
        self.seen.add(batch)

    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = bool(self.seen)


class Ready(Callback):
    def on_epoch_end(self, epoch, logs=None):
        say("ready")


def saver(what, path):
    if what == "checkpoint":
        return ModelCheckpoint(path, save_freq=1)
    return BackupAndRestore(os.path.dirname(path), save_freq=1, delete_checkpoint=False)


def train(made, what, path, last):
    made.fit(X, Y, epochs=10**9, verbose=0, callbacks=[Fill(), saver(what, path), last])


def saves(what, folder):
    """Functions that save once more, one after the other."""
    path, made = os.path.join(folder, NAMES[what]), model()
    logger = CSVLogger(path, append=True)
    for value in itertools.count(1):
        if what == "log":
            yield lambda: (logger.on_train_begin(), logger.on_epoch_end(value, {"loss": 0.5}))  # noqa: B023
        elif what in TRAINING:
            yield lambda: train(made, what, path, Stop())
        else:
            filled(made, value)
            yield lambda: save(made, what, path)


def save(made, what, path):
    if what == "model":
        made.save(path)
    else:
        made.save_weights(path, max_shard_size=200_000 / (1 << 30) if what == "shards" else None)


def whole(what, folder):
    """The number that a file holds; an error where it is not whole."""
    path = os.path.join(folder, NAMES[what])
    if what == "log":
        with open(path, newline="") as file:
            text = file.read()
        rows = text.split("\r\n")
        assert rows[0] == "epoch,loss,val_loss", text[-200:]
        assert rows[-1] == "", text[-200:]
        assert all(row.split(",")[1:] == ["0.5", "NA"] for row in rows[1:-1]), text[-200:]
        return float(len(rows) - 2)
    if what == "backup":
        state = read_state(path)["variables"]
        weights = [one["value"] for one in state if "wide" in one["path"] or "head" in one["path"]]
    elif what in ("weights", "shards", "tensors"):
        made = model()
        filled(made, -1)
        made.load_weights(path)
        weights = made.get_weights()
    else:
        weights = kmb_core.saving.load_model(path).get_weights()
    values = {float(value) for weight in weights for value in np.unique(weight)}
    assert len(weights) == 4, len(weights)
    assert len(values) == 1, values
    return values.pop()


def write_forever(what, folder):
    if what in TRAINING:
        train(model(), what, os.path.join(folder, NAMES[what]), Ready())
    for number, save in enumerate(saves(what, folder)):
        save()
        if number == 0:
            say("ready")


def starve(what, folder):
    """Save with room for so many bytes of each file; what comes of it, as JSON."""
    import resource
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the error is wanted, not the end
    found, saving = [], saves(what, folder)
    next(saving)()
    before = whole(what, folder)
    names = [os.path.join(root, name) for root, _, files in os.walk(folder) for name in files]
    size = max(os.path.getsize(name) for name in names)
    limits = {0, 1, 100, 2048, 4096, size // 4, size // 2, size - 4096, size - 1}
    for limit in sorted(limit for limit in limits if 0 <= limit < size):
        save, raised = next(saving), None
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            save()
        except Exception as error:
            raised = error
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert whole(what, folder) == before, limit
        found.append([limit, isinstance(raised, KmbError) and isinstance(raised, OSError), repr(raised)])
    say(json.dumps({"outcomes": found, "files": sorted(os.listdir(folder))}))


def fill_disk(what, folder):
    """Save on a disk that is nearly full; what comes of it, as JSON."""
    saving = saves(what, folder)
    next(saving)()
    before, found = whole(what, folder), []
    with open(os.path.join(folder, "filler"), "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass
    for _ in range(3):
        try:
            next(saving)()
            raised = None
        except Exception as error:
            raised = error
        assert whole(what, folder) == before
        found.append([0, isinstance(raised, KmbError) and isinstance(raised, OSError), repr(raised)])
    os.remove(os.path.join(folder, "filler"))
    say(json.dumps({"outcomes": found, "files": sorted(os.listdir(folder))}))


if __name__ == "__main__":
    action, *arguments = sys.argv[1:]
    {"forever": write_forever, "starve": starve, "disk": fill_disk}[action](*arguments)
