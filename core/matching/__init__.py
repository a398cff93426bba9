"""Scores, rates and single comparisons; arithmetic only."""
