"""Ready-made architectures, announced to the core as the namespace `applications`.

The package is separate because architectures outnumber everything else that a user installs, and most users need none.
"""

__version__ = "0.1.0"
__all__: list[str] = []
