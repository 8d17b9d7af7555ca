"""Activation ranges for quantization, and sensor calibration from raw counts to SI units."""

from scl import extras

extras.require("train", "torch", "safetensors", "scipy")
