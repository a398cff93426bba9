"""Recipes: TOML files read strictly into frozen values; one module for each kind of run."""
