"""TensorFlow's side of `kmb_core.ops.nn`, file by file."""
