"""`ops.add` on two native tensors: calls beyond those of the framework's own function."""

import measure
import numpy as np
from native import native


def figure(library, backend):
    side = native(backend)
    x, y = side.tensor(np.ones((4, 4), "float32")), side.tensor(np.full((4, 4), 2, "float32"))
    add, raw_add = library.ops.add, side.add
    measure.refuse_if_different(add(x, y), raw_add(x, y), 0)
    # `side.add` is one Python function around the framework's own, so each side is called through one function.
    ours, raw = measure.count_calls(lambda: add(x, y)), measure.count_calls(lambda: raw_add(x, y)) - 1
    return {"calls": ours, "framework's own": raw, "beyond": ours - raw}


if __name__ == "__main__":
    measure.main("ops.add, calls", "at most 6 beyond on every backend (Keras 3.15.1: 189 on NumPy)", figure)
