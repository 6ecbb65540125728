"""JSON that comes out of a file: of a limited size and depth, and an object, or an error that says where."""

import json
from typing import Any

from kmb_core.errors import CheckpointError, SecurityError, message
from kmb_core.saving.policy import LoadPolicy


def json_object(content: bytes | str, where: str, policy: LoadPolicy) -> dict[str, Any]:
    """What a text describes.

    Args:
        content: the text.
        where: what messages call it: the file and its member.
        policy: limits.

    Raises:
        CheckpointError: for a text that is no JSON, or describes something else than an object.
        SecurityError: for more than the limits.
    """
    if len(content) > policy.max_text_bytes:
        what = f"{where} is refused: it has {len(content)} bytes; the limit is {policy.max_text_bytes}"
        raise SecurityError(message(what, "It may be made to fill the memory."))
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(message(f"{where} is no JSON text: {error}", "The file is damaged.")) from error
    if not isinstance(value, dict):
        raise CheckpointError(message(f"{where} holds no object but {type(value).__name__}", "The file is damaged."))
    if _is_deeper(value, policy.max_text_depth):
        what = f"{where} is refused: it is nested deeper than {policy.max_text_depth} levels"
        raise SecurityError(message(what, "Models have a few dozen; it may be made to exhaust the stack."))
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for item in level for child in _children(item)]
    return bool(level)


def _children(item: Any) -> list[Any]:
    children = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [child for child in children if isinstance(child, (dict, list))]
