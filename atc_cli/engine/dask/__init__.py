"""Groups of series on the workers of a cluster. The only importer of dask and distributed."""
