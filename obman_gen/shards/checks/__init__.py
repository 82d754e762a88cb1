"""What `verify` looks at: stored bytes, geometry, depth against meshes, splits."""
