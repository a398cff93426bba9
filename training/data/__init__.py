"""From shards of aligned crops to batches."""
