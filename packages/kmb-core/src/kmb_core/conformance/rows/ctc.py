"""Rows of `ops.nn.ctc`: all paths of a short sequence, one after the other."""

import itertools
from collections import defaultdict

import numpy as np

from kmb_core.conformance.row import Table, apart, fixed, numbers

TABLE = Table()


def log_probabilities(logits):
    """Log-softmax."""
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def labels_of(path, blank):
    """A path with repetitions joined and blanks taken out."""
    return tuple(c for i, c in enumerate(path) if c != blank and (i == 0 or path[i - 1] != c))


def probabilities(logs, blank):
    """The probability of each sequence of labels, as a sum over all paths."""
    found = defaultdict(float)
    for path in itertools.product(range(logs.shape[1]), repeat=len(logs)):
        found[labels_of(path, blank)] += np.exp(sum(logs[t, c] for t, c in enumerate(path)))
    return found


def loss(target, output, target_length, output_length, mask_index=0):
    """The negative logarithm of the target's probability."""
    result = []
    for i, logs in enumerate(log_probabilities(output)):
        found = probabilities(logs[: output_length[i]], mask_index % output.shape[-1])
        wanted = found[tuple(map(int, target[i][: target_length[i]]))]
        result.append(-np.log(wanted))
    return np.array(result)


def filled(sequences, time):
    """Sequences of labels with -1 behind them."""
    return np.array([[*labels, *[-1] * (time - len(labels))] for labels in sequences], "int32")


def decode(inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0):
    """The best class of each time, or the best of all sequences."""
    time, blank = inputs.shape[1], mask_index % inputs.shape[-1]
    samples = [x[:n] for x, n in zip(inputs, sequence_lengths, strict=True)]
    if strategy == "greedy":
        best = [x.argmax(-1) for x in samples]
        labels = [labels_of(path, blank) if merge_repeated else path[path != blank] for path in best]
        return filled(labels, time)[None], np.array([[-x.max(-1).sum()] for x in samples])
    ranked = [sorted(probabilities(log_probabilities(x), blank).items(), key=lambda item: -item[1]) for x in samples]
    columns = [filled([sample[place][0] for sample in ranked], time) for place in range(top_paths)]
    return np.array(columns), np.log([[value for _, value in sample[:top_paths]] for sample in ranked])


SMOOTH = {"gradients": True, "tolerance": 1e-5, "low_tolerance": 0.1, "unknown_batch": 4}
FULL, SHORT = fixed([4, 4], "int32"), fixed([4, 2], "int32")
TABLE.add("ctc_loss", loss, fixed([[1, 2], [2, 0]], "int32"), numbers(2, 4, 3), fixed([2, 1], "int32"), FULL, **SMOOTH)
TABLE.add("ctc_loss", loss, fixed([[1, 1], [0, 0]], "int32"), numbers(2, 4, 3), fixed([2, 0], "int32"), SHORT, **SMOOTH)
TABLE.add("ctc_loss", loss, fixed([[0, 1]], "int32"), numbers(1, 4, 3), fixed([2], "int32"), fixed([4], "int32"), 2)
TABLE.add("ctc_loss", loss, fixed([[0, 1]], "int32"), numbers(1, 3, 3), fixed([2], "int32"), fixed([3], "int32"), -1)
IMPOSSIBLE = (fixed([[1, 1, 2]], "int32"), numbers(1, 3, 3), fixed([3], "int32"), fixed([3], "int32"))
TABLE.add("ctc_loss", loss, *IMPOSSIBLE, finite=False)

DECODE = ("ctc_decode", decode, apart(2, 4, 3, gap=0.1))
OPTIONS = {"tolerance": 1e-5, "low_tolerance": 0.1}
TABLE.add(*DECODE, FULL, dtypes=("float32", "float64"), **OPTIONS)
TABLE.add(*DECODE, SHORT, merge_repeated=False, mask_index=-1, **OPTIONS)
TABLE.add(*DECODE, SHORT, "beam_search", 20, 3, dtypes=("float32",), **OPTIONS)
TABLE.add(*DECODE, FULL, "beam_search", 40, 1, mask_index=1, dtypes=("float32",), **OPTIONS)
