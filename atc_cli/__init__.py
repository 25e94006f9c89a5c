"""`atc`: a market scanner for the terminal, built on the Adaptive Trend Classification."""

__version__ = "0.1.0"
