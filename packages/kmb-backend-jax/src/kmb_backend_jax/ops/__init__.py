"""One module for each family of ops in the core, under the same name."""
