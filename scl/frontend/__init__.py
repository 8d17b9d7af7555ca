"""What a board does before the network, in numpy: one file a step."""
