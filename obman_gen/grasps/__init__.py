"""Grasps: drive pygraspit with a MANO-schema hand, refine on the mesh, validate, store."""
