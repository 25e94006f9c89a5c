"""How fast the backends are: what is measured, after a gate that compares bits."""
