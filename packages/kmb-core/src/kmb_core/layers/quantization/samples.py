"""The samples of a calibration: texts or token numbers, as arrays of one length."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np

from kmb_core.errors import message


def samples(config: Any, where: str) -> list[np.ndarray]:
    """Arrays `(1, sequence_length)` of token numbers: long ones are cut, short ones repeated.

    Args:
        config: a GPTQConfig or AWQConfig.
        where: who asks.

    Raises:
        ValueError: without data, or with texts but no tokenizer.
    """
    if config.dataset is None:
        raise ValueError(message(f"{where}: mode {config.mode!r} needs data", None, "Pass dataset= to its config."))
    rows = [_of_length(row, config.sequence_length) for row in islice(_rows(config, where), config.num_samples)]
    if not rows:
        raise ValueError(f"{where}: the dataset of mode {config.mode!r} is empty")
    return rows


def _rows(config: Any, where: str) -> Iterator[np.ndarray]:
    data = [config.dataset] if isinstance(config.dataset, str) else config.dataset
    for sample in data:
        tokens = np.asarray(_tokens(sample, config.tokenizer, where) if isinstance(sample, str) else sample)
        yield from tokens.reshape(-1, tokens.shape[-1]) if tokens.ndim and tokens.size else ()


def _tokens(text: str, tokenizer: Any, where: str) -> Any:
    if tokenizer is None:
        what = f"{where}: the dataset holds texts, but there is no tokenizer"
        raise ValueError(message(what, None, "Pass tokenizer=: an object with `tokenize`, or a function."))
    return getattr(tokenizer, "tokenize", tokenizer)(text)


def _of_length(row: np.ndarray, length: int) -> np.ndarray:
    return np.resize(row, (1, length)).astype("int32")
