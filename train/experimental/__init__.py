"""Variants of the method that brought nothing (docs/RESULTS.md), out of the main path; they keep working."""
