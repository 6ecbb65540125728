"""kmb: the API of Keras 3 over any number of installed backends."""

__version__ = "0.1.0"
