"""Cases of `layers.pooling`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

SHAPES = {1: (2, 6, 3), 2: (2, 5, 6, 3), 3: (1, 4, 3, 4, 2)}

for rank, shape in SHAPES.items():
    for kind in ("Max", "Average"):
        CASES.add(f"{kind}Pooling{rank}D", shape, 2, padding="same", unknown=(0, 1))
        CASES.add(f"{kind}Pooling{rank}D", shape, 3, strides=1, data_format="channels_last")
        CASES.add(f"Global{kind}Pooling{rank}D", shape, keepdims=True, unknown=(0, 1))
        CASES.add(f"Global{kind}Pooling{rank}D", shape, data_format="channels_first")
CASES.add("AdaptiveAveragePooling1D", (2, 7, 3), 3, unknown=(0,))
CASES.add("AdaptiveAveragePooling2D", (2, 5, 6, 3), (2, 4))
CASES.add("AdaptiveAveragePooling3D", (2, 3, 3, 4, 5), 2, data_format="channels_first")
CASES.add("AdaptiveMaxPooling1D", (2, 3, 7), 3, data_format="channels_first", unknown=(0,))
CASES.add("AdaptiveMaxPooling2D", (2, 5, 6, 3), (2, 4))
CASES.add("AdaptiveMaxPooling3D", (2, 3, 4, 5, 3), (2, 2, 3))
