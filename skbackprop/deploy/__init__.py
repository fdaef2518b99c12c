"""Standalone predictors of fitted networks. It imports ``network``; only the method ``predictor()`` imports it."""
