"""The deployed network: layers, where it comes from, its integers and its memory."""
