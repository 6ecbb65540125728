"""How the cases are written down: the layer's name, its arguments, its inputs."""

from dataclasses import dataclass, field
from typing import Any

from kmb_core import layers
from kmb_core.conformance.layer_check import LayerCase, given_of


@dataclass(frozen=True)
class New:
    """A layer as an argument of a layer: another one for each that is made.

    Args:
        name: of the layer.
        arguments, options: what it is made with; others of this kind among them are made first.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def made(self, library: Any = layers) -> Any:
        """A new layer, of kmb or of another library that has the same names."""
        return getattr(library, self.name)(*_made(self.arguments, library), **_made(self.options, library))


def new(name: str, *arguments: Any, **options: Any) -> New:
    """What stands for a layer among the arguments of a case."""
    return New(name, arguments, options)


def _made(value: Any, library: Any) -> Any:
    if isinstance(value, New):
        return value.made(library)
    if isinstance(value, (list, tuple)):
        return type(value)(_made(item, library) for item in value)
    return {key: _made(item, library) for key, item in value.items()} if isinstance(value, dict) else value


@dataclass
class Catalogue:
    """The cases of one kind of layers."""

    cases: list[LayerCase] = field(default_factory=list)

    def add(self, name: str, inputs: Any, *arguments: Any, **options: Any) -> None:
        """Add a case: options named like a field of `LayerCase` are that, all others are the layer's arguments."""
        settings = {key: options.pop(key) for key in _SETTINGS & options.keys()}
        label = _label(name, arguments, options)
        number = sum(case.name.partition(" ")[0] == label for case in self.cases)

        def make(library: Any = layers) -> Any:
            return New(name, arguments, options).made(library)

        self.cases.append(LayerCase(f"{label} {number}" if number else label, make, given_of(inputs), **settings))


def _label(name: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> str:
    shown = [_short(a) for a in arguments] + [f"{key}={_short(value)}" for key, value in options.items()]
    return f"{name}({','.join(shown)})"


def _short(value: Any) -> str:
    if isinstance(value, (list, tuple)) and any(isinstance(item, New) for item in value):
        return "+".join(_short(item) for item in value)
    if isinstance(value, New):
        return value.name
    text = repr(value) if isinstance(value, (int, float, str, bool, tuple, list, type(None))) else type(value).__name__
    return text.replace(" ", "")[:24]


_SETTINGS = {
    "keywords", "unknown", "random", "differentiable", "batch_free", "saved", "low_tolerance", "tolerance", "compiled",
    "keeps_dtype", "other_dtypes", "apart",
}  # fmt: skip
