"""One step of `fit` on a small model: calls beyond the native loop's. What `fit` does once cancels out."""

import measure
from models import arrays, classification, compiled_mlp
from native_training import native

BATCH, WIDTHS = 8, (16, 16, 4)
STEPS = 24


def figure(library, backend):
    x, y = classification(BATCH * STEPS, WIDTHS[0], WIDTHS[-1])
    model = compiled_mlp(library, WIDTHS)
    epoch = native(backend, x[:BATCH]).trainer("mlp", arrays(model), BATCH)

    def fit(steps):
        size = steps * BATCH
        return model.fit(x[:size], y[:size], batch_size=BATCH, epochs=1, verbose=0, shuffle=False).history["loss"][0]

    def loop(steps):
        return epoch(x[: steps * BATCH], y[: steps * BATCH])

    measure.refuse_if_different(fit(3), loop(3), 1e-4)
    ours, raw = measure.calls_for_each(fit), measure.calls_for_each(loop)
    return {"calls a step": ours, "native loop": raw, "beyond": ours - raw}


if __name__ == "__main__":
    aim = "at most 120 beyond (Keras 3.15.1: 645 on JAX, 5,594 on torch)"
    measure.main("fit, one step of a small model, calls", aim, figure, measure.TRAINING_BACKENDS)
