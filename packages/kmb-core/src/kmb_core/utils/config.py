"""Config: settings of an experiment, read and written as attributes, as items, or as JSON."""

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

_OWN = ("_config", "_frozen")


class Config:
    """Named values that are reached as attributes or as items, and can be frozen.

    Args:
        **kwargs: the first values by name.

    A name that is also a method (`items`, `get`) is reached as an item: `config["items"]`.

    Raises:
        AttributeError: when an attribute is read that was never set.
        KeyError: likewise for an item.
        ValueError: when a frozen config is changed.

    Example:
        >>> import kmb_core
        >>> config = kmb_core.utils.Config(units=32, rate=0.1)
        >>> config.units = 64
        >>> config["units"], sorted(config)
        (64, ['rate', 'units'])
        >>> config.freeze()
        >>> config.rate = 0.2
        Traceback (most recent call last):
            ...
        ValueError: Config: 'rate' cannot be changed, the config is frozen
        Call unfreeze() first.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    def _changeable(self, *names: str) -> dict[str, Any]:
        if self._frozen:
            what = f"Config: {', '.join(map(repr, names)) or 'it'} cannot be changed, the config is frozen"
            raise ValueError(f"{what}\nCall unfreeze() first.")
        return self._config

    # As a dict -----------------------------------------------------------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._changeable(key)[key] = item

    def __delitem__(self, key: str) -> None:
        del self._changeable(key)[key]

    def __contains__(self, item: str) -> bool:
        return item in self._config

    def __iter__(self) -> Iterator[str]:
        return iter(self._config)

    def __len__(self) -> int:
        return len(self._config)

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of a name, or `value` where there is none."""
        return self._config.get(keyname, value)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of names and values."""
        return self._config.items()

    def pop(self, *args: Any) -> Any:
        """Remove a name and give its value, or a second argument where there is none."""
        return self._changeable(*args[:1]).pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, from a mapping or by name."""
        self._changeable(*kwargs).update(*args, **kwargs)

    # As attributes -------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        # Copies and unpickling ask for attributes before __init__ ran: these two must not look into themselves.
        if name in _OWN or name not in self._config:
            raise AttributeError(f"Config has no {name!r}; it has: {', '.join(self.__dict__.get('_config', ()))}")
        return self._config[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._changeable(name)[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._config:
            raise AttributeError(f"Config has no {name!r}")
        del self._changeable(name)[name]

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(name for name in self._config if name.isidentifier())})

    # As a whole ----------------------------------------------------------------------------------------------------

    @property
    def frozen(self) -> bool:
        """Whether changes are refused."""
        return self._frozen

    def freeze(self) -> None:
        """Refuse changes from now on."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """A new dict with the values."""
        return dict(self._config)

    def to_json(self) -> str:
        """The values as JSON.

        Raises:
            TypeError: for a value that JSON cannot hold.
        """
        return json.dumps(self._config)

    def __repr__(self) -> str:
        return f"<Config {self._config}>"

    def __getstate__(self) -> dict[str, Any]:
        return dict(self.__dict__)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
