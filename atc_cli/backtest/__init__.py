"""What following the scan would have earned."""
