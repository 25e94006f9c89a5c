"""Files: written whole or not at all, locked, and where they are."""
