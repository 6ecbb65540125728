"""A training for test_backup_and_restore.py to kill: FOLDER SAVE_FREQ KIND SEED [EPOCH BATCH SIGNAL]."""

import os
import sys

import numpy as np

import kmb_core
from kmb_core import layers
from kmb_core.callbacks import BackupAndRestore, Callback, EarlyStopping, LearningRateScheduler

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


class Kill(Callback):
    def __init__(self, epoch, batch, number):
        super().__init__()
        self.place, self.number, self.now = (epoch, batch), number, 0

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_begin(self, batch, logs=None):
        if (self.now, batch) == self.place:
            os.kill(os.getpid(), self.number)


class Batches(kmb_core.utils.PyDataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return X[index * 8 : index * 8 + 8], Y[index * 8 : index * 8 + 8]


def stream():
    while True:
        for start in range(0, 40, 8):
            yield X[start : start + 8], Y[start : start + 8]


def main(folder, save_freq, kind, seed, *place):
    kmb_core.utils.set_random_seed(int(seed))
    model = kmb_core.Sequential(
        [layers.Dense(8, activation="relu"), layers.Dropout(0.3), layers.Dropout(0.2, seed=5), layers.Dense(1)]
    )
    model.compile(kmb_core.optimizers.Adam(0.01), "mse", metrics=["mae"])
    backup = BackupAndRestore(folder, save_freq if save_freq == "epoch" else int(save_freq))
    best = EarlyStopping("loss", patience=2, restore_best_weights=True)
    callbacks = [backup, best, LearningRateScheduler(lambda epoch, rate: rate * 0.9)]
    callbacks += [Kill(*map(int, place))] if place else []
    data = {"arrays": (X, Y), "dataset": (Batches(), None), "stream": (stream(), None)}[kind]
    steps = {"steps_per_epoch": 4} if kind == "stream" else {}
    size = 8 if kind == "arrays" else None
    history = model.fit(*data, batch_size=size, epochs=4, verbose=0, callbacks=callbacks, **steps).history
    values = [*model.get_weights(), *(variable.numpy() for variable in model.optimizer.variables)]
    numbers = {f"value_{i}": value for i, value in enumerate(values)}
    np.savez(f"{folder}.npz", loss=history["loss"], mae=history["mae"], best=best.best, **numbers)


if __name__ == "__main__":
    main(*sys.argv[1:])
