"""`predict`, `predict_on_batch` and `train_on_batch` of one small in-memory batch: time over the raw call.

The raw call is the framework's compiled function on NumPy in and NumPy out; for training, one step of the native loop
whose loss is read. Each side is called many times within a round, so that a round is long enough to be timed.
"""

import measure
import native_training
from models import arrays, classification, compiled_mlp
from native import native

BATCH, WIDTHS = 32, (64, 64, 10)
SECONDS = 0.15  # of a side in a round


def figure(library, backend):
    x, y = classification(BATCH, WIDTHS[0], WIDTHS[-1])
    model = compiled_mlp(library, WIDTHS)
    by_hand = native(backend)
    raw = by_hand.predict(arrays(model))
    measure.refuse_if_different(model.predict_on_batch(x), raw(x), 1e-4)
    numbers = compared("predict", lambda: model.predict(x, verbose=0), lambda: raw(x))
    numbers |= compared("predict_on_batch", lambda: model.predict_on_batch(x), lambda: raw(x))
    if backend in measure.TRAINING_BACKENDS:
        step = native_training.native(backend, x).trainer("mlp", arrays(model), BATCH)
        measure.refuse_if_different(model.train_on_batch(x, y), step(x, y), 1e-4)
        numbers |= compared("train_on_batch", lambda: model.train_on_batch(x, y), lambda: step(x, y))
    return numbers


def compared(name, ours, raw):
    counts = [measure.calls_in(side, SECONDS) for side in (ours, raw)]
    rounds = [repeated(side, count) for side, count in zip((ours, raw), counts, strict=True)]
    measured = measure.compare_times(*rounds)
    ratio = measured["ratio"] * counts[1] / counts[0]
    return {name: ratio, f"{name}, low": measured["low"] * counts[1] / counts[0]}


def repeated(function, count):
    def calls():
        for _ in range(count):
            function()

    return calls


if __name__ == "__main__":
    aim = "predict at most 3, the others 1.3"
    measure.main("one small batch, time over the raw call", aim, figure)
