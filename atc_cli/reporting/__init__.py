"""Results to text or bytes. Nothing here computes."""
