"""Evaluation protocols of published benchmarks: vectors in, rates out."""
