"""The indicator and its vocabulary: numpy and the standard library, nothing else."""
