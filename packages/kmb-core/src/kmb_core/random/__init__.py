"""Random numbers: the portable generator, and the seed of what has none of its own."""
