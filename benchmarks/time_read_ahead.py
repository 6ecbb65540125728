"""`fit` from a source that waits, with and without the thread that reads ahead; what handing a small batch over costs.

Reading a batch takes as long as a step: the least time is half of that without reading ahead. Both wait and need no
processor, so this ratio is one of wall-clock time: what else the machine does is felt by both alike. The other one is
of processor time: batches cut from an array by a thread and handed over, over the same cut where they are wanted.
"""

import time
from queue import SimpleQueue
from threading import Thread

import measure
import numpy as np

BATCH, STEPS = 32, 40
SECONDS = 5e-3  # for a batch, and for a step


def figure(library, backend):
    model = library.Sequential([library.Input((8,)), library.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((BATCH, 8), "float32"), np.ones((BATCH, 1), "float32")

    def source():
        for _ in range(STEPS):
            time.sleep(SECONDS)
            yield x, y

    class Step(library.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            time.sleep(SECONDS)

    def fit(ahead):
        if hasattr(library.config, "set_read_ahead"):  # Keras has none
            library.config.set_read_ahead(ahead)
        begun = time.perf_counter()
        model.fit(source(), verbose=0, callbacks=[Step()])
        return time.perf_counter() - begun

    fit(0)
    ratios = sorted(fit(2) / fit(0) for _ in range(3))
    rows = np.ones((BATCH * STEPS, 8), "float32")

    def cut(number):
        return rows[number * BATCH : (number + 1) * BATCH].copy()

    compared = measure.compare_times(lambda: handed_over(cut), lambda: list(map(cut, range(STEPS))))
    return {"ahead over due": ratios[1], "handed over cut": compared["ratio"]}


def handed_over(read):
    """Batches read by a thread, each when it is asked for."""
    results, places = SimpleQueue(), SimpleQueue()

    def run():
        for number in range(STEPS):
            places.get()
            results.put(read(number))

    thread = Thread(target=run)
    thread.start()
    for _ in range(STEPS):
        places.put(None)
        results.get()
    thread.join()


if __name__ == "__main__":
    aim = "at most 0.65 ahead over due (half, and the batches before the thread begins); what is handed over costs more"
    measure.main("fit from a source that is as slow as its steps", aim, figure, measure.TRAINING_BACKENDS)
