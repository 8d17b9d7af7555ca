"""Options that brought nothing in docs/results/paper.md. They keep working, out of the way of who reads the main path.

The main path meets them in `options` (their declaration and checks), `hooks` (what they put in its place), `schedules`
and `negatives`.
"""
