"""The definition compiled by numba."""
