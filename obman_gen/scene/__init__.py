"""Scenes as data: who holds what, where, in which light. Nothing here knows Blender."""

from obman_gen.scene.scene import Scene, SceneConfig

__all__ = ["Scene", "SceneConfig"]
