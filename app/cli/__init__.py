"""The command line: light signatures in front, one module of work behind each command."""
