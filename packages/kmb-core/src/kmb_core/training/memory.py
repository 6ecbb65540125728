"""How much memory a process has taken, as far as the system says."""

import sys
from pathlib import Path


def peak_memory() -> int | None:
    """The most bytes that this process has held since it was started; None where the system does not say."""
    try:
        # Of this program alone; `getrusage` counts what the parent held when it started it.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def size_text(size: float) -> str:
    """A number of bytes, as a person reads it.

    Example:
        >>> size_text(512), size_text(2_500_000)
        ('512 B', '2.4 MB')
    """
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.{0 if unit == 'B' else 1}f} {unit}"
        size /= 1024
    return f"{size:.1f} GB"
