"""Train SCL encoders on wearable recordings."""

from scl import extras

extras.require("train", "torch", "safetensors", "scipy")
