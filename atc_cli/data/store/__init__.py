"""Candles on disk."""
