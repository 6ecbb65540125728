"""AugMix: images mixed with themselves after chains of layers."""

from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import dtype_of
from kmb_core.layers.preprocessing.image.arguments import is_number
from kmb_core.layers.preprocessing.image.chosen_layers import ChosenLayers, numbers_of
from kmb_core.ops.arithmetic import add, multiply, subtract, true_divide
from kmb_core.ops.comparison import where
from kmb_core.ops.control_flow import fori_loop
from kmb_core.ops.creation import cast, zeros_like
from kmb_core.ops.indexing import get_item, take
from kmb_core.ops.manipulation import stack, unstack
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.random.draws import beta, gamma, randint
from kmb_core.serialization import saved_as

GEOMETRY_AND_SHADES = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "solarization",
    "random_posterization",
    "auto_contrast",
    "equalization",
)
COLOURS = ("random_brightness", "random_color_degeneration", "random_contrast", "random_sharpness")


@saved_as("keras.layers")
class AugMix(ChosenLayers):
    """While training, mix images with mixtures of themselves after chains of layers that are drawn for each batch:
    `share * image + (1 - share) * sum(weight * chain(image))`.

    The weights come from a Dirichlet distribution, the share from a beta distribution.

    Args:
        value_range: the lowest and the highest value of a pixel.
        num_chains: how many chains there are.
        chain_depth: how many layers are in each, drawn with repetitions.
        factor: how strong they are, between two numbers from 0 to 1; one number stands for from 0 to that.
        alpha: the parameter of both distributions, positive.
        all_ops: whether brightness, colour, contrast and sharpness may be drawn too, beside shear, translation,
            rotation, solarization, posterization, stretching and equalization.
        interpolation: "nearest" or "bilinear".
        seed: makes the draws repeatable.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: see `ImageLayer`; 3 channels, or 1. Boxes and masks stay where they are.

    Raises:
        ValueError: for other arguments.

    Source: Hendrycks et al., "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty", 2019.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AugMix(seed=1)(kmb_core.ops.ones((2, 4, 4, 3))).shape)
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        value_range: Any = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Any = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        for name, number in (("num_chains", num_chains), ("chain_depth", chain_depth)):
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                raise ValueError(f"{self._where()}: {name} is a whole number from 1, got {number!r}")
        if not is_number(alpha) or alpha <= 0:
            raise ValueError(f"{self._where()}: alpha is a positive number, got {alpha!r}")
        self.num_chains, self.chain_depth, self.alpha, self.all_ops = num_chains, chain_depth, alpha, all_ops
        self._make_layers(factor, value_range, interpolation, seed)
        self._needs_no_building()

    @property
    def _names(self) -> tuple[str, ...]:  # type: ignore[override]  # which they are depends on an argument
        return GEOMETRY_AND_SHADES + (COLOURS if self.all_ops else ())

    def get_random_transformation(self, data: Any, training: bool | None = True, seed: Any = None) -> Any:
        """{"chain_mixing_weights": `(num_chains,)`, "weight_sample": the share, "chain_transforms": for each chain a
        list of {"layer_name", "transformation"}}; None when not training.

        While a framework traces and no drawn number is known, a layer's name is its number, and its transformation
        that of each layer by name.
        """
        if not training:
            return None
        seed, dtype = self.generator if seed is None else seed, self._drawing_dtype
        parts = gamma((self.num_chains,), self.alpha, dtype, seed)
        share = beta((), self.alpha, self.alpha, dtype, seed)
        return {
            "chain_mixing_weights": true_divide(parts, sum_of(parts)),
            "weight_sample": share,
            "chain_transforms": [self._chain(data, seed) for _ in range(self.num_chains)],
        }

    def _chain(self, data: Any, seed: Any) -> list[dict[str, Any]]:
        drawn = randint((self.chain_depth,), 0, len(self._names), "int32", seed)
        known = numbers_of(drawn)
        if known is None:
            together = self._transformations(data)
            return [{"layer_name": n, "transformation": together} for n in unstack(drawn, self.chain_depth)]
        names = [self._names[number] for number in known]
        return [
            {"layer_name": name, "transformation": self._layer(name).get_random_transformation(data, training=True)}
            for name in names
        ]

    def transform_images(self, images: Any, transformation: Any, training: bool | None = True) -> Any:
        """A batch of images, mixed with what the chains make of them."""
        if not training or transformation is None:
            return images
        x = self._as_numbers(images)
        weights = cast(transformation["chain_mixing_weights"], dtype_of(x))
        chains = transformation["chain_transforms"]
        known = all(isinstance(step["layer_name"], str) for chain in chains for step in chain)
        mixed = self._mixed(x, weights, chains) if known else self._mixed_in_loop(x, weights, chains)
        share = cast(transformation["weight_sample"], dtype_of(x))
        return self._as_output(add(multiply(x, share), multiply(mixed, subtract(1.0, share))))

    def _mixed(self, x: Any, weights: Any, chains: list[list[dict[str, Any]]]) -> Any:
        """The weighted sum of what the chains make of images."""
        mixed = None
        for number, chain in enumerate(chains):
            part = x
            for step in chain:
                layer = self._layer(step["layer_name"])
                part = layer.transform_images(part, step["transformation"], training=True)
            part = multiply(part, get_item(weights, number))
            mixed = part if mixed is None else add(mixed, part)
        return mixed

    def _mixed_in_loop(self, x: Any, weights: Any, chains: list[list[dict[str, Any]]]) -> Any:
        """The same where no drawn number is known; the framework traces each layer once, not for each step."""
        steps = [step for chain in chains for step in chain]
        names = stack([step["layer_name"] for step in steps])
        drawn = tree.map_structure(_in_columns, *(step["transformation"] for step in steps))
        chain_of = np.repeat(np.arange(len(chains), dtype="int32"), [len(chain) for chain in chains])
        starts = np.diff(chain_of, prepend=-1) != 0
        ends = np.diff(chain_of, append=len(chains)) != 0

        def step(number: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
            part, mixed = state
            part = where(take(starts, number), x, part)
            now = tree.map_structure(lambda leaf: _row(leaf, number), drawn)
            part = self._applied(part, take(names, number), now, "transform_images")
            weighted = multiply(part, take(weights, take(chain_of, number)))
            return part, where(take(ends, number), add(mixed, weighted), mixed)

        return fori_loop(0, len(steps), step, (x, zeros_like(x)))[1]


def _in_columns(*leaves: Any) -> Any:
    """What all steps have drawn, as one tensor; what is no tensor is the same for all."""
    return stack(leaves) if hasattr(leaves[0], "shape") else leaves[0]


def _row(leaf: Any, number: Any) -> Any:
    return take(leaf, number, axis=0) if hasattr(leaf, "shape") else leaf
