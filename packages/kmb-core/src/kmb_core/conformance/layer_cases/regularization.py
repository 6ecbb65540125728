"""Cases of `layers.regularization`."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

CASES.add("Dropout", (20, 10), 0.5, seed=1, random=True)
CASES.add("Dropout", (20, 4, 10), 0.3, noise_shape=(None, 1, 10), random=True)
CASES.add("Dropout", (2, 3), 0.0)
CASES.add("SpatialDropout1D", (8, 5, 6), 0.5, random=True, unknown=(0, 1))
CASES.add("SpatialDropout2D", (8, 3, 4, 6), 0.5, random=True, data_format="channels_first")
CASES.add("SpatialDropout3D", (6, 2, 3, 2, 6), 0.5, random=True)
CASES.add("GaussianDropout", (4, 5), 0.4, random=True)
CASES.add("GaussianNoise", (4, 5), 0.4, random=True)
CASES.add("ActivityRegularization", (4, 5), l1=0.1, l2=0.2)
CASES.add("AlphaDropout", (2, 30), 0.5, seed=1, random=True)
CASES.add("AlphaDropout", (2, 30, 3), 0.3, noise_shape=(None, None, 1), seed=1, random=True)
