"""Building a functional model of 500 layers: CPU time, over building the same layers without the graph."""

import measure
from models import mlp

LAYERS = 500


def figure(library, backend):
    def functional():
        return mlp(library, (8,) * (LAYERS + 1))

    def layers_alone():
        layers = []
        for _ in range(LAYERS):  # one after the other, as in the model: five hundred at a time meet a warmer cache
            layers.append(library.layers.Dense(8, activation="relu"))
            layers[-1].build((None, 8))
        return layers

    if functional().count_params() != sum(layer.count_params() for layer in layers_alone()):
        raise SystemExit("Refused: the two sides build different weights.")
    times = measure.compare_times(functional, layers_alone, rounds=9)
    times["layers alone, ms"] = times.pop("native, ms")
    times["graph, ms"] = times["ours, ms"] - times["layers alone, ms"]
    return times


if __name__ == "__main__":
    aim = "the graph, which is what building costs over building the layers, at most 1/5 of Keras's"
    measure.main(f"Building a functional model of {LAYERS} layers", aim, figure)
