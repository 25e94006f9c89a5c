"""What following the scan would have earned: its values at every bar, acted on with costs."""
