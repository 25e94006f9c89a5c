"""What commands return and formats print. Plain values."""
