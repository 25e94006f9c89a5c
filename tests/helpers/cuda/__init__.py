"""The CUDA sources on this processor: compiled by g++ behind a header, launched as CuPy would launch them."""
