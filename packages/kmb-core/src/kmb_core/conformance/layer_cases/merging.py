"""Cases of `layers.merging`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

PAIR = [(2, 3, 4), (2, 3, 4)]

for name in ("Add", "Average", "Maximum", "Minimum", "Multiply", "Subtract"):
    CASES.add(name, PAIR, unknown=(0, 1))
CASES.add("Add", [(2, 3, 4), (2, 1, 4), (2, 3, 1)])
CASES.add("Concatenate", [(2, 3, 4), (2, 3, 1)])
CASES.add("Concatenate", [(2, 3, 4), (2, 1, 4)], axis=1, unknown=(0, 1))
CASES.add("Dot", [(2, 3), (2, 3)], -1)
CASES.add("Dot", [(2, 3, 4), (2, 5, 3)], (1, 2), unknown=(0,))
CASES.add("Dot", [(2, 3, 4, 5), (2, 5)], (-1, 1), normalize=True)
