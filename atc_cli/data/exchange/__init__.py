"""Candles of exchanges, through ccxt."""
