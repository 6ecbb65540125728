"""`predict_on_batch`: calls beyond the raw compiled call, NumPy in and NumPy out on both sides."""

import measure
from models import arrays, classification, compiled_mlp
from native import native


def figure(library, backend):
    x, _ = classification(8, 16, 4)
    model = compiled_mlp(library, (16, 16, 4))
    predict = native(backend).predict(arrays(model))
    measure.refuse_if_different(model.predict_on_batch(x), predict(x), 1e-5)
    ours, raw = measure.count_calls(lambda: model.predict_on_batch(x)), measure.count_calls(lambda: predict(x))
    return {"calls": ours, "raw": raw, "beyond": ours - raw}


if __name__ == "__main__":
    aim = "at most 100 beyond (Keras 3.15.1: 650 on JAX, 3,156 on torch)"
    measure.main("predict_on_batch, calls", aim, figure)
