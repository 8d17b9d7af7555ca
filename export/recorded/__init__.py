"""Recordings as people have them: tables of numbers in some units at some times, on their way to a sensor's counts."""
