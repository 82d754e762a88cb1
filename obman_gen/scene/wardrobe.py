"""Clothes and hair: shells around a body, cut on the rest pose and worn in any pose.

A garment covers the part of the body where a field over the rest pose is positive. Triangles
that its border crosses are cut exactly, so a sleeve may end anywhere; its vertices are fixed
blends of body vertices and follow every pose.
"""

from dataclasses import dataclass
from typing import no_type_check

import numba
import numpy as np
from jaxtyping import Bool, Float

from obman_gen.arrays import Points, Vertices
from obman_gen.sample import BODY
from obman_gen.scene import textures
from obman_gen.scene.cutting import Cut, cut
from obman_gen.scene.drawing import Material, Part
from obman_gen.scene.limbs import (
    HEAD,
    LEFT_ARM,
    LEFT_HAND,
    LEFT_LEG,
    NECK,
    PELVIS,
    RIGHT_ARM,
    RIGHT_HAND,
    RIGHT_LEG,
    BodyShape,
    limb_coordinate,
    wrapped_uv,
)
from obman_gen.scene.noise3 import field as noise_field
from obman_gen.scene.normals import vertex_normals
from obman_gen.scene.pools import generator_of
from obman_gen.scene.shoes import LEATHER_M, below_ankles, draw_leather

PERSON_VIEWS = frozenset({"ho", "h"})
FABRIC_PX = 192
INNER_RIM_M = 0.0015
"""How far a hem's inner edge stands off the skin."""
LEAST_OFFSET_M = 0.0025
"""Cloth lies at least this far off the skin."""
TORSO_LOOSER_M = 0.012
"""A shirt hangs from chest and shoulders, further off the skin than on the arms."""
LONGEST_SLEEVE = 1.85
"""Ends about 35 mm before the wrist joint, so that looking along the arm still shows it."""
COVERED_M = 0.006
"""Skin further than this inside a garment's border is left out."""


@dataclass(frozen=True)
class Outfit:
    """One person's clothes. Lengths along limbs count joints: 0 shoulder, 1 elbow, 2 wrist."""

    sleeve: float
    sleeve_loose_m: float
    neckline: float
    """0 a high collar, 1 a wide neck."""
    shirt_hem_m: float
    """Below the pelvis joint."""
    trousers: float
    """0 hip, 1 knee, 2 ankle."""
    has_hood_hair: bool
    hair_color: textures.Color


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Draw clothes: sleeves of any length up to `LONGEST_SLEEVE`, half of them long."""
    sleeve = rng.uniform(1.5, LONGEST_SLEEVE) if rng.random() < 0.45 else rng.uniform(0.3, 1.6)
    greys = rng.random() < 0.15
    level = rng.uniform(0.25, 0.6) if greys else np.exp(rng.uniform(np.log(0.006), np.log(0.2)))
    warmth = 0.05 if greys else rng.uniform(0.2, 0.6)
    color = (float(level), float(level * (1 - 0.6 * warmth)), float(level * (1 - warmth) ** 1.5))
    return Outfit(
        sleeve=float(sleeve),
        sleeve_loose_m=float(rng.uniform(0.005, 0.016)),
        neckline=float(rng.random()),
        shirt_hem_m=float(rng.uniform(0.02, 0.14)),
        trousers=float(rng.uniform(1.7, 1.95) if rng.random() < 0.7 else rng.uniform(0.6, 1.2)),
        has_hood_hair=bool(rng.random() < 0.3),
        hair_color=color,
    )


def shirt_field(body: BodyShape, outfit: Outfit) -> Float[np.ndarray, "vertex"]:
    """Positive on torso and arms: below the neckline, above the hem, up to the sleeves' end."""
    on_arm = _on_arm(body)
    hem = body.vertices[:, 1] - (body.joints[PELVIS, 1] - outfit.shirt_hem_m)
    tilt = np.array([0.0, 1.0, 0.35 + 0.5 * outfit.neckline])
    tilt /= np.linalg.norm(tilt)
    opening_m = 0.06 - 0.07 * outfit.neckline
    collar = opening_m - (body.vertices - body.joints[NECK]) @ tilt
    values = np.where(on_arm, 0.05, np.minimum(hem, collar))
    for limb, hand in ((LEFT_ARM, LEFT_HAND), (RIGHT_ARM, RIGHT_HAND)):
        forearm_m = np.linalg.norm(body.joints[limb[2]] - body.joints[limb[1]])
        left_m = (outfit.sleeve - limb_coordinate(body, limb)) * forearm_m
        on_this = body.share(*limb, *hand) > 0.5
        values = np.where(on_this, np.minimum(values, left_m), values)
    return values


def _on_arm(body: BodyShape) -> Bool[np.ndarray, "vertex"]:
    return body.share(*LEFT_ARM, *RIGHT_ARM, *LEFT_HAND, *RIGHT_HAND) > 0.5


def trousers_field(body: BodyShape, outfit: Outfit) -> Float[np.ndarray, "vertex"]:
    """Positive from the waist down to the trousers' end."""
    below_hem_m = 0.02 - outfit.shirt_hem_m  # higher up, the shirt hides them
    waist = body.joints[PELVIS, 1] + below_hem_m - body.vertices[:, 1]
    left_m = np.full(len(body.vertices), 1.0)
    for limb in (LEFT_LEG, RIGHT_LEG):
        leg = body.share(*limb) + body.share(limb[2] + 3)
        shin_m = np.linalg.norm(body.joints[limb[2]] - body.joints[limb[1]])
        left_here = (outfit.trousers - limb_coordinate(body, limb)) * shin_m
        left_m = np.where(leg > 0.5, left_here, left_m)
    return np.where(_on_arm(body), -0.05, np.minimum(waist, left_m))


def hair_field(body: BodyShape, outfit: Outfit) -> Float[np.ndarray, "vertex"]:
    """Positive on the back and top of the head, behind the hairline."""
    head = body.joints[HEAD]
    top = body.vertices[:, 1].max()
    height = top - head[1]
    behind = np.array([0.0, 0.55, -0.83])
    line = head + np.array([0.0, 0.62 * height, 0.03])
    scalp = (body.vertices - line) @ behind + 0.035
    low = head[1] + (-0.05 if outfit.has_hood_hair else 0.25) * height
    return np.minimum(scalp, body.vertices[:, 1] - low)


@dataclass(frozen=True)
class Garment:
    """Something worn: where it lies and how it looks."""

    name: str
    cut: Cut
    offset_m: Float[np.ndarray, "garment"]
    material: Material
    uv: Float[np.ndarray, "face 3 2"]
    smoothing: int
    """Passes of smoothing that let cloth span the body's hollows."""


def worn(garment: Garment, posed: Vertices, draped: Vertices, normals: Points) -> Part:
    """Put a garment on a posed body, with a turned-in hem.

    Args:
        garment: what is worn.
        posed: the body's vertices.
        draped: the same as cloth lies over them.
        normals: of ``draped``, along which the garment stands off.
    """
    blend = garment.cut.blend
    base, normals = blend @ posed, blend @ normals
    outer = blend @ draped + garment.offset_m[:, None] * normals
    outer = _smoothed(outer, garment.cut, garment.smoothing)
    # Spanning hollows must not sink cloth into what bulges.
    off_m = np.einsum("ij,ij->i", outer - base, normals)
    outer += np.maximum(LEAST_OFFSET_M - off_m, 0)[:, None] * normals
    rim = garment.cut.border
    rim_ids = np.unique(rim)
    # The hem has its own copy of the outer border: shading must not run round the edge.
    hem = np.concatenate([outer[rim_ids], base[rim_ids] + INNER_RIM_M * normals[rim_ids]])
    top = np.searchsorted(rim_ids, rim) + len(outer)
    low = top + len(rim_ids)
    strip = np.concatenate(
        [np.column_stack([top[:, ::-1], low[:, 0]]), np.column_stack([top[:, 1], low])]
    )
    faces = np.concatenate([garment.cut.faces, strip])
    uv = np.concatenate([garment.uv, np.full((len(strip), 3, 2), garment.uv[0, 0])])
    return Part(
        garment.name,
        np.concatenate([outer, hem]),
        faces,
        (garment.material,),
        np.full(len(faces), BODY),
        uv=uv,
        in_views=PERSON_VIEWS,
    )


def _smoothed(points: Vertices, shape: Cut, passes: int) -> Vertices:
    """Average each vertex with its neighbours, hems staying where they are."""
    free = np.ones(len(points), bool)
    free[shape.border] = False
    smooth = points.copy()
    _smooth(shape.faces, free, passes, smooth)
    return smooth


@numba.njit(cache=True)
@no_type_check  # a shape-checking wrapper could not be compiled
def _smooth(faces, free, passes, points):
    """Move free vertices half way to the mean of their neighbours, several times.

    Between two faces both count a neighbour, so all count twice.
    """
    for _ in range(passes):
        total, count = np.zeros_like(points), np.zeros(len(points))
        for face in range(len(faces)):
            for corner in range(3):
                one, other = faces[face, corner], faces[face, (corner + 1) % 3]
                count[one] += 1
                count[other] += 1
                for i in range(3):
                    total[one, i] += points[other, i]
                    total[other, i] += points[one, i]
        for vertex in range(len(points)):
            if free[vertex]:
                for i in range(3):
                    points[vertex, i] = 0.5 * points[vertex, i] + 0.5 * (
                        total[vertex, i] / count[vertex]
                    )


def wardrobe(name: str, body: BodyShape) -> tuple[tuple[Garment, ...], Bool[np.ndarray, "face"]]:
    """Return the clothes and hair of a name, and which faces of the body stay visible.

    Body faces well inside a garment are left out, so that skin never shows through cloth.
    """
    rng = generator_of(name)
    outfit = draw_outfit(rng)
    seed = int(rng.integers(2**31))
    pieces = (
        ("trousers", trousers_field(body, outfit), 0.008, 3),
        ("shirt", shirt_field(body, outfit), outfit.sleeve_loose_m, 4),
    )
    garments, hidden = [], np.zeros(len(body.faces), bool)
    for piece, values, offset_m, smoothing in pieces:
        shape = cut(body.faces, values)
        if not len(shape.faces):
            continue
        tile_m = float(rng.uniform(0.1, 0.3))
        uv = wrapped_uv(body, shape, tile_m)
        vertex_count, _ = shape.blend.get_shape()
        loose = np.full(vertex_count, offset_m)
        if piece == "shirt":
            loose += TORSO_LOOSER_M * (1 - shape.blend @ _on_arm(body).astype(float))
        loose += 0.0025 * noise_field(shape.blend @ body.vertices, seed, 0.07, 3)
        loose = np.maximum(loose, LEAST_OFFSET_M)
        garments.append(Garment(piece, shape, loose, _fabric(rng, tile_m), uv, smoothing))
        hidden |= (values[body.faces] > COVERED_M).all(axis=1)
    hidden |= (below_ankles(body.vertices, body.joints)[body.faces] > COVERED_M).all(axis=1)
    leather = draw_leather(rng)
    garments += [_shoe(shape, leather) for shape in body.shoes]
    garments.append(_hair(body, outfit, seed))
    return tuple(garments), ~hidden


def _shoe(shape: Cut, leather: Material) -> Garment:
    count, _ = shape.blend.get_shape()
    plain = np.zeros((len(shape.faces), 3, 2))
    return Garment("shoe", shape, np.full(count, LEATHER_M), leather, plain, 0)


def _fabric(rng: np.random.Generator, tile_m: float) -> Material:
    creases = 0.7 * textures.noise(rng, FABRIC_PX, 4, 4) + 0.3 * textures.noise(rng, FABRIC_PX, 32)
    return Material(
        (1.0, 1.0, 1.0),
        textures.cloth(rng, FABRIC_PX),
        roughness=0.85,
        specular=0.0,  # cloth does not shine, and light that only scatters costs a tenth less
        bump=np.repeat(np.rint(creases * 255).astype(np.uint8)[..., None], 3, axis=2),
        bump_height_m=0.015 * tile_m,
    )


def _hair(body: BodyShape, outfit: Outfit, seed: int) -> Garment:
    """A cap of short hair with strands painted along it."""
    shape = cut(body.faces, hair_field(body, outfit))
    rest = shape.blend @ body.vertices
    thick = 0.012 + 0.004 * noise_field(rest, seed + 1, 0.03, 3)
    rng = np.random.default_rng(seed)
    strands = rng.random((8, FABRIC_PX)).repeat(FABRIC_PX // 8, axis=0)
    strands = 0.4 + 0.9 * strands * textures.noise(rng, FABRIC_PX, 6, 4)
    image = textures.encode_srgb(np.array(outfit.hair_color) * strands[..., None])
    relief = np.repeat(np.rint(strands / 1.3 * 255).astype(np.uint8)[..., None], 3, axis=2)
    material = Material(
        (1.0, 1.0, 1.0), image, roughness=0.55, specular=0.3, bump=relief, bump_height_m=0.004
    )
    corners = rest[shape.faces] - body.joints[HEAD]
    angle = np.arctan2(corners[..., 0], -corners[..., 2])
    return Garment("hair", shape, thick, material, np.stack([angle, corners[..., 1] * 8], -1), 1)


def posed_garments(
    garments: tuple[Garment, ...], posed: Vertices, body: BodyShape
) -> tuple[Part, ...]:
    """Dress a posed body."""
    draped = body.draping(posed)
    normals = vertex_normals(draped, body.faces)
    return tuple(worn(garment, posed, draped, normals) for garment in garments)
