"""Old home of `deephyper.hpo`."""
