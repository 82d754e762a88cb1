"""The only package that imports Blender: build a drawing, render it, read the pixels back."""
