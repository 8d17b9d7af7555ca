"""Windows as recorded, and the task alone."""

from train.methods.base import Method

METHOD = Method("baseline", first_transformed=False)
