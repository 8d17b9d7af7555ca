"""What the board does before the network."""
