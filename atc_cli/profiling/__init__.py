"""Where time and memory of a command go: the command runs in a process of its own, which records itself."""
