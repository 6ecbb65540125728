"""`fit` on an MLP 784-512-512-10, batch 128: CPU time over a native loop with the same maths, side by side."""

import measure
from models import arrays, classification, compiled_mlp
from native import native

BATCH, WIDTHS = 128, (784, 512, 512, 10)
STEPS = 40


def figure(library, backend):
    x, y = classification(BATCH * STEPS, WIDTHS[0], WIDTHS[-1])
    model = compiled_mlp(library, WIDTHS)
    epoch = native(backend).trainer(arrays(model), BATCH)

    def fit(steps=STEPS):
        size = steps * BATCH
        return model.fit(x[:size], y[:size], batch_size=BATCH, epochs=1, verbose=0, shuffle=False).history["loss"][0]

    measure.refuse_if_different(fit(3), epoch(x[: 3 * BATCH], y[: 3 * BATCH]), 1e-4)
    return measure.compare_times(fit, lambda: epoch(x, y))


if __name__ == "__main__":
    aim = "ratio at most 1.05 (Keras 3.15.1: 1.05 on JAX, 1.57 on torch, 2.0 on TensorFlow)"
    measure.main("fit, MLP 784-512-512-10, time over native", aim, figure, measure.TRAINING_BACKENDS)
