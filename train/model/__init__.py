"""The encoder and its layers."""
