"""One module for each family of `kmb_core.ops.nn`."""
