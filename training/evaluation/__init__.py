"""Measuring networks on sets of faces: rates with intervals, curves, speed, reports."""
