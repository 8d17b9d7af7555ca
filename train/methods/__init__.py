"""Losses between two views, one method a file."""
