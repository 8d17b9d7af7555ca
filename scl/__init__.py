"""Structured Contrastive Learning as a small library: partition, loss, transforms, metrics, files."""
