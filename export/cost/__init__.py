"""What the network takes on a device: flash, memory, instructions."""
