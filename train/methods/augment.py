"""Transformed windows, and the task alone."""

from train.methods.base import Method

METHOD = Method("augment", first_transformed=True)
