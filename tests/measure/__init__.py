"""What README's figures were measured with; none of it is a test."""
