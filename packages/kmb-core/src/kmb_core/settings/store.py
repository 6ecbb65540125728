"""All settings of the process, in one object; what the user's file may say is looked up on the first read."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kmb_core.settings import checks
from kmb_core.settings.user_file import user_setting


@dataclass
class Settings:
    """The settings that hold for the process."""

    interactive_logging: bool = True
    traceback_filtering: bool = True
    flash_attention: bool | None = None
    read_ahead: int = 2
    unsafe_deserialization: bool = False
    dtype_policy: Any = None  # the slot for an object that is made higher up, in `dtype_policies`
    distribution: Any = None  # likewise, in `distribution`: variables and trainers, which stand below, read it here

    @cached_property
    def epsilon(self) -> float:
        """The small number that keeps quotients finite."""
        return user_setting("epsilon", 1e-7, checks.epsilon)

    @cached_property
    def image_data_format(self) -> str:
        """Where the channels of an image stand."""
        return user_setting("image_data_format", "channels_last", checks.data_format)

    @cached_property
    def max_epochs(self) -> int | None:
        """The most epochs that any `fit` runs, for trying things out."""
        return user_setting("max_epochs", None, lambda value: checks.limit("max_epochs", value))

    @cached_property
    def max_steps_per_epoch(self) -> int | None:
        """The most steps that any epoch runs, for trying things out."""
        return user_setting("max_steps_per_epoch", None, lambda value: checks.limit("max_steps_per_epoch", value))


settings = Settings()
