"""A training run: options, loop, session, figures and folder."""
