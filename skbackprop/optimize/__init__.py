"""Training of one flat vector: optimisers, schedules, orders of rows, and the loop. It knows nothing of networks."""
