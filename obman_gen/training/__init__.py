"""Training of the reconstruction model on shards."""
