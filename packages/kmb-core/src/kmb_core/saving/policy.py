"""What a file may make the reader do: one object that is handed down to everything that reads."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class LoadPolicy:
    """Limits of reading a file. The defaults are far above what models need; a file that exceeds one is refused.

    Args:
        max_text_bytes: size of `config.json` and `metadata.json`.
        max_members: number of members of an archive.
        max_ratio: how many times its stored size a compressed member may take.
        max_asset_bytes: size of all assets together.
        max_objects: number of groups and datasets in an HDF5 file.
        max_depth: how deep they lie in one another.
    """

    max_text_bytes: int = 256 * MEBIBYTE
    max_members: int = 10_000
    max_ratio: float = 200.0
    max_asset_bytes: int = 4096 * MEBIBYTE
    max_objects: int = 1_000_000
    max_depth: int = 64


# For files that were just written.
UNLIMITED = LoadPolicy(
    max_text_bytes=1 << 62, max_members=1 << 62, max_asset_bytes=1 << 62, max_objects=1 << 62, max_depth=1 << 62
)
