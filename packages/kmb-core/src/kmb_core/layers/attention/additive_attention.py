"""AdditiveAttention: scores from sums of queries and keys."""

from typing import Any

from kmb_core.errors import ShapeError
from kmb_core.layers.attention.attention import Attention
from kmb_core.ops.arithmetic import add, multiply
from kmb_core.ops.functions import tanh
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class AdditiveAttention(Attention):
    """`softmax(scores) @ value` with `scores = sum(scale * tanh(query + key))` (Bahdanau's attention).

    Args:
        use_scale: whether the sum has trained weights, one for each feature.
        dropout: probability that a weight is dropped while training.

    Input: a list [query, value] or [query, value, key]: `(batch, targets, depth)`, `(batch, sources, value depth)`,
    `(batch, sources, depth)`. Output: `(batch, targets, value depth)`, and the weights if asked for.

    Raises:
        ShapeError: for inputs that do not fit.

    Source: Bahdanau et al., "Neural Machine Translation by Jointly Learning to Align and Translate", 2015, appendix A.

    Example:
        >>> import kmb_core
        >>> query, value = kmb_core.ops.zeros((1, 1, 1)), kmb_core.ops.convert_to_tensor([[[2.0], [2.0]]])
        >>> float(kmb_core.layers.AdditiveAttention()([query, value])[0, 0, 0])
        2.0
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        query, _ = self._shapes(input_shape)
        self.scale = None
        if self.use_scale:
            if query[-1] is None:
                raise ShapeError(f"{self._where()}: expected queries of known depth, got shape {query}")
            self.scale = self.add_weight(name="scale", shape=(query[-1],), initializer="glorot_uniform")

    def _scores(self, query: Any, key: Any) -> Any:
        sums = tanh(add(expand_dims(query, -2), expand_dims(key, -3)))
        return sum_of(sums if self.scale is None else multiply(sums, self.scale.value), -1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        del config["score_mode"]
        return config
