"""Results that are looked at: in a terminal by `rich`, elsewhere as the same table in plain text."""

from typing import Any


class Shown:
    """A result whose `__rich__` draws it; `print(result)` and a notebook show the same."""

    width = 110  # of a table that goes into a text

    def __rich__(self) -> Any:
        raise NotImplementedError

    def __str__(self) -> str:
        from rich.console import Console  # 60 ms: imported when something is drawn

        console = Console(width=self.width, no_color=True, force_terminal=False)
        with console.capture() as captured:
            console.print(self)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    __repr__ = __str__
