"""The PyTorch backend of kmb, found through the entry point `torch` of group `kmb.backends`.

Importing this package imports no framework: `plugin` describes the backend, and loads it when it is chosen.
"""

__version__ = "0.1.0"
