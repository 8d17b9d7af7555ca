"""What views that are trained on may differ in besides the transformation."""
