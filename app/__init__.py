"""The program a person runs: window and command line over core."""
