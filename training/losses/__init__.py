"""Losses: functions of tensors and numbers."""
