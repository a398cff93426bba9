"""Read-only package data, reached only through importlib.resources."""
