"""TensorFlow's side of `kmb_core.random`."""
