"""CUDA kernels as a backend: the only importer of cupy."""
