"""Functions of neural networks on NumPy."""
