"""Rows of earlier scans, found again by the content of their candles."""
