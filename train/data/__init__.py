"""Data sets as `Recordings`, subjects or records divided by `splits`, cut into `WindowSet`s."""
