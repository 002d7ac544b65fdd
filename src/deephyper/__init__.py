"""Asynchronous Bayesian optimization on parallel workers: declare a space, hand over a function, get a table."""

__version__ = "0.1.0"
