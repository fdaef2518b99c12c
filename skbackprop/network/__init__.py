"""What is computed: layers, losses, and the objective that joins them. NumPy, SciPy and the kernels, nothing else."""
