"""Activation ranges for quantization, and sensor calibration from raw counts to SI units."""
