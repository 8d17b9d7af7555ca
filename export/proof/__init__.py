"""That every exported form computes the same, and what int8 loses."""
