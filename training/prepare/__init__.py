"""From photos and videos of people to shards of aligned crops: `python -m training.prepare`."""
