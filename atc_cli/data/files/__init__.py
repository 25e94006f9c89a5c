"""Candles of a folder of files."""
