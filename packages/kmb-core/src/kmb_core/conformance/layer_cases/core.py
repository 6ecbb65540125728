"""Cases of `layers.core`."""

from typing import Any

from kmb_core.conformance.layer_cases.catalogue import Catalogue
from kmb_core.conformance.layer_check import Given
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.functions import tanh
from kmb_core.saving import register_keras_serializable

CASES = Catalogue()


@register_keras_serializable("kmb_conformance")
def squashed(x: Any, factor: float = 1.0) -> Any:
    """What a Lambda layer is given: a function with a name, which a file can hold."""
    return multiply(tanh(x), factor)


CASES.add("Dense", (2, 3), 4)
CASES.add("Dense", (2, 5, 3), 4, activation="relu", use_bias=False, unknown=(0, 1))
CASES.add("Dense", (2, 3), 2, kernel_regularizer="l2", kernel_constraint="unit_norm", bias_initializer="ones")
CASES.add("Embedding", Given((2, 3), "int32", 0, 5), 5, 4, unknown=(0, 1))
CASES.add("Embedding", Given((2, 3), "int32", 0, 5), 5, 4, mask_zero=True, embeddings_regularizer="l1")
CASES.add("Activation", (2, 3), "tanh", unknown=(0,))
CASES.add("Identity", (2, 3))
CASES.add("Masking", (2, 4, 3), 0.5, unknown=(0, 1))
CASES.add("EinsumDense", (2, 3), "ab,bc->ac", 4)
CASES.add("EinsumDense", (2, 5, 3), "abc,cde->abde", (None, 2, 4), "relu", "de", unknown=(0, 1))
CASES.add("EinsumDense", (2, 5, 3, 4), "abcd,cde->abe", (None, 6), bias_axes="e", unknown=(0, 1))
CASES.add("EinsumDense", (2, 5, 3), "...x,xy->...y", 4, bias_axes="y", kernel_regularizer="l2", unknown=(0, 1))
CASES.add("EinsumDense", (2, 5, 3), "abc,bd->adc", (4, None), bias_axes="d")
CASES.add("EinsumDense", (2, 5, 3), "abc,bcd->abd", (5, 4), bias_axes="bd")
CASES.add("ReversibleEmbedding", Given((2, 3), "int32", 0, 5), 5, 4, unknown=(0, 1))
CASES.add("ReversibleEmbedding", (2, 3, 4), 5, 4, logit_soft_cap=2.0, keywords={"reverse": True}, saved=False)
CASES.add("Lambda", (2, 3), squashed)
CASES.add("Lambda", (2, 4, 3), squashed, arguments={"factor": 2.0}, unknown=(0, 1))
