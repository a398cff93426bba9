"""The encrypted store of enrolled people."""
