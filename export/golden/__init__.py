"""Which windows travel with a bundle, and their copies as counts."""
