"""Turn the parts, lamps and surroundings of a `Drawing` into Blender's datablocks.

Camera frame to Blender's world: the camera stands at the world's origin looking down -z, so
a point (x, y, z) becomes (x, -y, -z).
"""

from collections import OrderedDict
from functools import lru_cache
from pathlib import Path
from typing import no_type_check

import bpy
import numba
import numpy as np
from mathutils import Matrix, Vector  # pyright: ignore[reportMissingImports]

from obman_gen.scene.drawing import Lamp, LinearImage, Material, Part
from obman_gen.scene.texture_files import TEXTURES_KEPT, TextureFiles

BLENDER_FROM_CAMERA = np.diag([1.0, -1.0, -1.0])
ENVIRONMENT_FROM_BLENDER = Matrix(((0, 0, -1), (-1, 0, 0), (0, 1, 0)))
"""Blender's panoramas have their middle along +x and +z up; ours look forward, -z, with +y up."""


SOCKETS = {
    "roughness": "Roughness",
    "metallic": "Metallic",
    "specular": "Specular IOR Level",
    "transmission": "Transmission Weight",
    "coat": "Coat Weight",
    "sheen": "Sheen Weight",
    "emission": "Emission Strength",
}
UNSET = Material()
"""Its values are the principled shader's own."""


class Builder:
    """Makes datablocks for one drawing at a time and removes them again.

    Images read from files stay, the `TEXTURES_KEPT` last used of them, because skins and
    objects return from sample to sample.
    """

    def __init__(self, scene, texture_size_px: int):
        self._scene = scene
        self.texture_pixels = TextureFiles(texture_size_px)
        self._file_images: OrderedDict[tuple[Path, str], bpy.types.Image | None] = OrderedDict()
        self._owned: list = []
        self.objects: list[tuple[Part, bpy.types.Object]] = []
        self._set_up_world()

    def clear(self) -> None:
        """Remove everything the last drawing brought, and files' images beyond the last used."""
        bpy.data.batch_remove(self._owned)  # one by one, each would search all others for users
        self._owned, self.objects = [], []
        while len(self._file_images) > TEXTURES_KEPT:
            _, image = self._file_images.popitem(last=False)
            if image is not None:
                bpy.data.images.remove(image)

    def add_part(self, part: Part) -> None:
        """Make a mesh object with its materials."""
        mesh = _mesh(part)
        self._owned.append(mesh)
        for material in part.materials:
            mesh.materials.append(self._material(material))
        blender_object = bpy.data.objects.new(part.name, mesh)
        self._owned.append(blender_object)
        self._scene.collection.objects.link(blender_object)
        self.objects.append((part, blender_object))

    def add_lamp(self, lamp: Lamp) -> None:
        """Make a light."""
        light = bpy.data.lights.new(lamp.kind, lamp.kind.upper())
        light.energy, light.color = lamp.power, lamp.color
        if lamp.kind == "area":
            light.size = lamp.size_m
        elif lamp.kind == "point":
            light.shadow_soft_size = lamp.size_m / 2
        else:
            light.angle = lamp.size_m
        blender_object = bpy.data.objects.new(lamp.kind, light)
        direction = Vector(BLENDER_FROM_CAMERA @ np.array(lamp.direction))
        turn = direction.to_track_quat("-Z", "Y").to_matrix().to_4x4()
        place = Matrix.Translation(BLENDER_FROM_CAMERA @ np.array(lamp.position))
        blender_object.matrix_world = place @ turn
        self._scene.collection.objects.link(blender_object)
        self._owned += [blender_object, light]

    def show(self, view: str) -> None:
        """Hide the parts that a view does not show, and none that it does."""
        for part, blender_object in self.objects:
            hidden = view not in part.in_views
            if blender_object.hide_render != hidden:  # or Blender takes the mesh over again
                blender_object.hide_render = hidden

    def set_environment(self, environment: LinearImage) -> None:
        """Light the scene from all around."""
        height, width = environment.shape[:2]
        image = bpy.data.images.new("environment", width, height, float_buffer=True)
        image.colorspace_settings.name = "Linear Rec.709"
        rgba = np.ones((height, width, 4), np.float32)
        rgba[..., :3] = environment[::-1]
        image.pixels.foreach_set(rgba.reshape(-1))
        self._world_node.image = image
        self._owned.append(image)

    def _set_up_world(self) -> None:
        world = bpy.data.worlds.new("world")
        self._scene.world = world
        # Smooth surroundings are sampled well enough by the surfaces alone, 1.5 times faster.
        world.cycles.sampling_method = "NONE"
        nodes, links = world.node_tree.nodes, world.node_tree.links
        nodes.clear()
        coordinates = nodes.new("ShaderNodeTexCoord")
        mapping = nodes.new("ShaderNodeMapping")
        mapping.inputs["Rotation"].default_value = ENVIRONMENT_FROM_BLENDER.to_euler()
        self._world_node = nodes.new("ShaderNodeTexEnvironment")
        shader = nodes.new("ShaderNodeBackground")
        output = nodes.new("ShaderNodeOutputWorld")
        links.new(coordinates.outputs["Generated"], mapping.inputs["Vector"])
        links.new(mapping.outputs["Vector"], self._world_node.inputs["Vector"])
        links.new(self._world_node.outputs["Color"], shader.inputs["Color"])
        links.new(shader.outputs["Background"], output.inputs["Surface"])

    def _material(self, material: Material):
        block = bpy.data.materials.new("material")
        self._owned.append(block)
        nodes, links = block.node_tree.nodes, block.node_tree.links
        shader = nodes["Principled BSDF"]
        shader.inputs["Base Color"].default_value = (*material.base_color, 1.0)
        if material.emission:
            shader.inputs["Emission Color"].default_value = (*material.base_color, 1.0)
        for name, value in vars(material).items():
            if name in SOCKETS and value != getattr(UNSET, name):
                shader.inputs[SOCKETS[name]].default_value = value
        block.cycles.emission_sampling = "AUTO" if material.emission else "NONE"
        color = self._image(material.texture, "sRGB")
        if color is not None:
            node = nodes.new("ShaderNodeTexImage")
            node.image = color
            links.new(_tinted(nodes, links, node, material), shader.inputs["Base Color"])
        height = self._image(material.bump, "Non-Color")
        if height is not None:
            self._add_bump(nodes, links, height, material.bump_height_m)
        return block

    def _add_bump(self, nodes, links, image, height_m: float) -> None:
        texture = nodes.new("ShaderNodeTexImage")
        texture.image = image
        bump = nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = 1.0
        bump.inputs["Distance"].default_value = height_m
        links.new(texture.outputs["Color"], bump.inputs["Height"])
        links.new(bump.outputs["Normal"], nodes["Principled BSDF"].inputs["Normal"])

    def _image(self, source: Path | np.ndarray | None, colorspace: str):
        if source is None:
            return None
        if isinstance(source, np.ndarray):
            image = _image_from(source, colorspace)
            self._owned.append(image)
            return image
        return self._file_image(source, colorspace)

    def _file_image(self, path: Path, colorspace: str):
        """Return the image of a file; an unreadable one is left out."""
        key = (path, colorspace)
        if key in self._file_images:
            self._file_images.move_to_end(key)
            return self._file_images[key]
        pixels = self.texture_pixels(path)
        self._file_images[key] = None if pixels is None else _image_from(pixels, colorspace)
        return self._file_images[key]


def _tinted(nodes, links, node, material: Material):
    """Multiply the texture by the base colour, unless that is white."""
    if min(material.base_color) >= 1:
        return node.outputs["Color"]
    mix = nodes.new("ShaderNodeMix")
    mix.data_type, mix.blend_type = "RGBA", "MULTIPLY"
    mix.inputs["Factor"].default_value = 1.0
    colors = [socket for socket in mix.inputs if socket.type == "RGBA"]
    links.new(node.outputs["Color"], colors[0])
    colors[1].default_value = (*material.base_color, 1.0)
    return next(socket for socket in mix.outputs if socket.type == "RGBA")


def _image_from(pixels: np.ndarray, colorspace: str):
    height, width = pixels.shape[:2]
    image = bpy.data.images.new("texture", width, height)
    image.colorspace_settings.name = colorspace
    image.pixels.foreach_set(_floats(pixels).reshape(-1))
    image.update()
    return image


def _floats(pixels: np.ndarray) -> np.ndarray:
    """Return bytes as Blender wants them: rows bottom-up, four channels, floats in [0, 1].

    The array is overwritten by the next image of the same size.
    """
    rgba = _workspace(*pixels.shape[:2])
    _fill(pixels, (np.arange(256) / 255).astype(np.float32), rgba)
    return rgba


@lru_cache(maxsize=4)
def _workspace(height: int, width: int) -> np.ndarray:
    """Return memory that is there already: new pages take longer than filling them."""
    return np.zeros((height, width, 4), np.float32)


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _fill(pixels, shares, rgba):
    height, width, _ = pixels.shape
    for row in range(height):
        for column in range(width):
            for channel in range(3):
                rgba[height - 1 - row, column, channel] = shares[pixels[row, column, channel]]
            rgba[height - 1 - row, column, 3] = 1.0


def _mesh(part: Part):
    mesh = bpy.data.meshes.new(part.name)
    faces = np.ascontiguousarray(part.faces, np.int32)
    mesh.vertices.add(len(part.vertices))
    mesh.loops.add(faces.size)
    mesh.polygons.add(len(faces))
    world = (part.vertices @ BLENDER_FROM_CAMERA).astype(np.float32)
    # Attributes take whole arrays; elements' properties of the same would take them one by one.
    mesh.attributes["position"].data.foreach_set("vector", world.reshape(-1))
    mesh.attributes[".corner_vert"].data.foreach_set("value", faces.reshape(-1))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, 3, dtype=np.int32))
    if part.material_indices is not None:
        indices = np.ascontiguousarray(part.material_indices, np.int32)
        mesh.attributes.new("material_index", "INT", "FACE").data.foreach_set("value", indices)
    if part.uv is not None:
        layer = mesh.uv_layers.new(name="uv")
        layer.uv.foreach_set("vector", np.ascontiguousarray(part.uv, np.float32).reshape(-1))
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    if part.sharp_angle_rad < np.pi:
        mesh.set_sharp_from_angle(angle=part.sharp_angle_rad)
    return mesh
