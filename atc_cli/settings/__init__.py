"""What can be set: options, their values, the layers that they come from."""
