"""The backends that compute a panel, and the choice between them."""
