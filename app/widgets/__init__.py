"""Widgets that paint values they are given, and the look they share."""
