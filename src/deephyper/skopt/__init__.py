"""Old home of `deephyper.moo`."""
