"""Functions of neural networks, one module for each family."""
