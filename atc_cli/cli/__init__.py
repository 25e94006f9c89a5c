"""The command line: what was typed to what is written, and the exit code."""
