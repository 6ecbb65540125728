"""Boxes around objects in images; users find the functions in `utils.bounding_boxes`."""
