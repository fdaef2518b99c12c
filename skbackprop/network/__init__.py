"""What is computed: layers, losses, and the objective that joins them, from NumPy, SciPy and the kernels alone."""
