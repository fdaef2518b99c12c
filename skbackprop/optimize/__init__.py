"""How one flat vector moves: optimisers, schedules, orders of rows, and the loop. It never hears of networks."""
