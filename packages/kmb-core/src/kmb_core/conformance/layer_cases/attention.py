"""Cases of `layers.attention`. Layers of several heads take query and value as arguments of their own."""

from kmb_core.conformance.layer_cases.catalogue import Catalogue

CASES = Catalogue()

SEQUENCES = [(2, 4, 3), (2, 5, 3)]

CASES.add("Attention", SEQUENCES, unknown=(0, 1))
CASES.add("Attention", [(2, 4, 3), (2, 5, 2), (2, 5, 3)], use_scale=True, score_mode="concat")
CASES.add("Attention", SEQUENCES, use_scale=True, dropout=0.5, seed=1, random=True)
CASES.add("Attention", SEQUENCES, use_scale=True, keywords={"use_causal_mask": True}, unknown=(0,))
CASES.add("AdditiveAttention", SEQUENCES, unknown=(0, 1))
CASES.add("AdditiveAttention", [(2, 4, 3), (2, 5, 2), (2, 5, 3)], use_scale=False)
CASES.add("MultiHeadAttention", SEQUENCES, 2, 3, apart=True, unknown=(0, 1), bias_initializer="normal")
CASES.add("MultiHeadAttention", [(2, 4, 3), (2, 5, 2), (2, 5, 6)], 2, 3, 4, output_shape=5, apart=True, use_bias=False)
CASES.add("MultiHeadAttention", SEQUENCES, 2, 3, dropout=0.5, seed=1, apart=True, random=True)
CASES.add(
    "MultiHeadAttention",
    SEQUENCES,
    2,
    3,
    apart=True,
    use_gate=True,
    sliding_window=2,
    keywords={"use_causal_mask": True},
)
CASES.add("MultiHeadAttention", [(2, 3, 4, 5), (2, 3, 4, 5)], 2, 3, attention_axes=(2,), apart=True)
CASES.add(
    "MultiHeadAttention", [(2, 2, 3, 4), (2, 3, 2, 4)], 2, 3, apart=True, keywords={"return_attention_scores": True}
)
CASES.add("GroupQueryAttention", SEQUENCES, 2, 4, 2, apart=True, unknown=(0, 1), kernel_regularizer="l2")
CASES.add("GroupQueryAttention", SEQUENCES, 3, 4, 1, apart=True, use_gate=True, use_bias=False, sliding_window=3)
CASES.add("GroupQueryAttention", SEQUENCES, 2, 2, 2, dropout=0.5, seed=1, apart=True, random=True)
