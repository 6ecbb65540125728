"""TensorFlow's side of `kmb_core.ops`, file by file."""
