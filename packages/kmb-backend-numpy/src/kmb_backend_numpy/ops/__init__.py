"""The ops, one module for each family of the core's, under the same names."""
