"""Random numbers from NumPy generators."""
