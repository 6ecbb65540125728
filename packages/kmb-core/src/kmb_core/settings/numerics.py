"""Settings of the arithmetic and of image layout."""

from kmb_core.dtypes import default
from kmb_core.settings import checks
from kmb_core.settings.store import settings
from kmb_core.settings.user_file import user_setting

default.initial_floatx_from(lambda: user_setting("floatx", "float32", checks.floatx))


def floatx() -> str:
    """Return the default floating dtype.

    Example:
        >>> floatx()
        'float32'
    """
    return default.floatx()


def set_floatx(value: str) -> None:
    """Set the default floating dtype: "float32", "bfloat16", "float16" or "float64".

    Raises:
        ValueError: where the name is none of these.
    """
    default.set_floatx(checks.floatx(value))


def epsilon() -> float:
    """Return the small number that keeps quotients and logarithms finite.

    Example:
        >>> epsilon()
        1e-07
    """
    return settings.epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps quotients and logarithms finite.

    Raises:
        ValueError: where the value is no number between 0 and 1.
    """
    settings.epsilon = checks.epsilon(value)


def image_data_format() -> str:
    """Return where the channels of an image stand: "channels_last" or "channels_first".

    Example:
        >>> image_data_format()
        'channels_last'
    """
    return settings.image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set where the channels of an image stand.

    Raises:
        ValueError: where it is neither "channels_last" nor "channels_first".
    """
    settings.image_data_format = checks.data_format(data_format)


def standardize_data_format(data_format: str | None) -> str:
    """Return a layer's data format: its own, or the default where it is None.

    Raises:
        ValueError: where it is neither "channels_last" nor "channels_first".

    Example:
        >>> standardize_data_format("Channels_First")
        'channels_first'
    """
    return settings.image_data_format if data_format is None else checks.data_format(data_format)
