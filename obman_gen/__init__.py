"""Generate hand-object datasets and train on them."""
