"""How the cases are written down: the layer's name, its arguments, its inputs."""

from dataclasses import dataclass, field
from typing import Any

from kmb_core import layers
from kmb_core.conformance.layer_check import LayerCase, given_of


@dataclass
class Catalogue:
    """The cases of one kind of layers."""

    cases: list[LayerCase] = field(default_factory=list)

    def add(self, name: str, inputs: Any, *arguments: Any, **options: Any) -> None:
        """Add a case: options named like a field of `LayerCase` are that, all others are the layer's arguments."""
        settings = {key: options.pop(key) for key in _SETTINGS & options.keys()}
        label = _label(name, arguments, options)
        number = sum(case.name.partition(" ")[0] == label for case in self.cases)

        def make() -> Any:
            return getattr(layers, name)(*arguments, **options)

        self.cases.append(LayerCase(f"{label} {number}" if number else label, make, given_of(inputs), **settings))


def _label(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    shown = [_short(a) for a in arguments] + [f"{key}={_short(value)}" for key, value in options.items()]
    return f"{name}({','.join(shown)})"


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, (int, float, str, bool, tuple, list, type(None))) else type(value).__name__
    return text.replace(" ", "")[:24]


_SETTINGS = {
    "keywords", "unknown", "random", "differentiable", "batch_free", "saved", "low_tolerance", "tolerance", "compiled",
    "keeps_dtype", "apart",
}  # fmt: skip
