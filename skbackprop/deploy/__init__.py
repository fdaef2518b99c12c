"""Leaving the process: what a fitted network is on its own. It reads the network; only ``predictor()`` reads it."""
