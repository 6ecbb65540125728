"""What a file may make the reader do: one object that is handed down to everything that reads."""

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class LoadPolicy:
    """Limits of reading a file. The defaults are the strictest that real models need; what exceeds one is refused.

    There is nothing here that lets a file run code, name a path or lead to another file: no limit of these does that.

    Args:
        max_text_bytes: size of `config.json` and `metadata.json`.
        max_text_depth: how deep objects and lists lie in one another there.
        max_members: number of members of an archive of a model.
        max_ratio: how many times its stored size something may take: a member, a whole archive, the arrays of a file.
        free_bytes: size up to which a whole archive, or the arrays of a file, may have any ratio.
        max_asset_bytes: size of all assets together.
        max_objects: number of groups and datasets in an HDF5 file.
        max_depth: how deep they lie in one another.
        max_unpacked_members: number of files and folders of an archive that is unpacked to the disk.
        max_unpacked_bytes: size of all of them together.
    """

    max_text_bytes: int = 128 * MEBIBYTE
    max_text_depth: int = 128
    max_members: int = 10_000
    max_ratio: float = 200.0
    free_bytes: int = 64 * MEBIBYTE
    max_asset_bytes: int = 4096 * MEBIBYTE
    max_objects: int = 1_000_000
    max_depth: int = 64
    max_unpacked_members: int = 1_000_000
    max_unpacked_bytes: int = 256 * 1024 * MEBIBYTE

    def allowed(self, stored: int) -> int:
        """How many bytes may come out of so many stored ones."""
        return max(self.free_bytes, int(stored * self.max_ratio))


# For files that were just written.
UNLIMITED = LoadPolicy(
    max_text_bytes=1 << 62,
    max_text_depth=1 << 62,
    max_members=1 << 62,
    max_ratio=float(1 << 62),
    free_bytes=1 << 62,
    max_asset_bytes=1 << 62,
    max_objects=1 << 62,
    max_depth=1 << 62,
    max_unpacked_members=1 << 62,
    max_unpacked_bytes=1 << 62,
)
