"""Cases of `layers.preprocessing`: numbers and text."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue, new
from kmb_core.conformance.layer_check import Given

CASES = Catalogue()

NUMBERS = Given((3, 4), "int32", 0, 9)
TEXT = Given((3, 4), "string", 0, 9)
TEXTS = Given((3, 1), "string", 0, 9)
# Text and hashes are worked on by the host, in integers; no compiler and no floating dtype has a part in it.
ON_HOST = {"compiled": False, "other_dtypes": False, "keeps_dtype": True}
WORDS = ["word 3", "word 1", "word 7"]

CASES.add("Rescaling", (2, 5, 3), 0.5, -1.0)
CASES.add("Rescaling", Given((2, 3), "int32", 0, 255), (1.0, 2.0, 3.0), (0.5, 0.0, 1.0))
CASES.add("Normalization", (2, 5, 3), mean=(1.0, 2.0, 3.0), variance=(1.0, 0.5, 2.0))
CASES.add("Normalization", (2, 5, 3), axis=(1, 2), differentiable=False)
CASES.add("Normalization", NUMBERS, axis=None, mean=2.0, variance=4.0, invert=True)
CASES.add("Discretization", (2, 5), bin_boundaries=(-0.5, 0.0, 0.25), keeps_dtype=True)
CASES.add("Discretization", (2, 5), bin_boundaries=(-0.5, 0.0, 0.25), output_mode="multi_hot")
CASES.add("Discretization", (2, 1), bin_boundaries=(0.0,), output_mode="one_hot")
CASES.add("CategoryEncoding", NUMBERS, 10)
CASES.add("CategoryEncoding", NUMBERS, 10, output_mode="one_hot")
CASES.add("CategoryEncoding", NUMBERS, 10, output_mode="count")
CASES.add("Hashing", NUMBERS, 4, **ON_HOST)
CASES.add("Hashing", TEXT, 4, mask_value="word 3", salt=(3, 7), output_mode="count", **ON_HOST)
CASES.add("HashedCrossing", [Given((3,), "int32", 0, 9), Given((3,), "string", 0, 9)], 7, **ON_HOST)
CASES.add("HashedCrossing", [Given((3, 1), "int32", 0, 9)] * 2, 7, output_mode="one_hot", **ON_HOST)
CASES.add("IntegerLookup", NUMBERS, vocabulary=(5, 3, 8), num_oov_indices=2, **ON_HOST)
CASES.add("IntegerLookup", NUMBERS, vocabulary=(5, 3, 8), mask_token=0, output_mode="multi_hot", **ON_HOST)
CASES.add("StringLookup", TEXT, vocabulary=WORDS, mask_token="word 0", num_oov_indices=2, **ON_HOST)
CASES.add("StringLookup", TEXT, vocabulary=WORDS, output_mode="tf_idf", idf_weights=(0.5, 1.0, 2.0), **ON_HOST)
CASES.add("TextVectorization", TEXTS, vocabulary=["word", "1", "3"], output_sequence_length=3, **ON_HOST)
CASES.add("TextVectorization", TEXTS, vocabulary=["word", "1 word", "3"], ngrams=2, output_mode="count", **ON_HOST)

SOUND = (2, 64)
SIGNALS = (2, 40, 3)
CASES.add("MelSpectrogram", SOUND, fft_length=16, sequence_stride=8, num_mel_bins=4, sampling_rate=800)
CASES.add("MelSpectrogram", SOUND, fft_length=16, window="hamming", mag_exp=1.0, num_mel_bins=4, power_to_db=False)
CASES.add("STFTSpectrogram", SIGNALS, "magnitude", frame_length=8, low_tolerance=0.1)
CASES.add("STFTSpectrogram", SIGNALS, "psd", frame_length=8, expand_dims=True, padding="same", scaling="spectrum")
CASES.add("STFTSpectrogram", (2, 3, 40), "stft", frame_length=8, frame_step=8, data_format="channels_first")
CASES.add("Pipeline", (2, 5, 3), [new("Rescaling", 0.5), new("Rescaling", 2.0, offset=1.0)])
CASES.add("Pipeline", TEXTS, [new("StringLookup", vocabulary=WORDS), new("CategoryEncoding", 4)], **ON_HOST)
