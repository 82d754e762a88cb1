"""Furnished rooms as drawings: rendered once as panoramas, they are backgrounds and light.

World frame: x right, y down, z forward (the camera's axes), origin at the viewer's eye.
"""

from dataclasses import dataclass, field

import numpy as np

from obman_gen.sample import Camera
from obman_gen.scene.color import color_of_temperature
from obman_gen.scene.drawing import Drawing, Lamp, Material, Part
from obman_gen.scene.textures import TEXTURES, random_color

TEXTURE_SIZE_PX = 384

_CORNERS = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
_SIDES = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)
_BOX_FACES = np.stack([_SIDES[:, [0, 1, 2]], _SIDES[:, [0, 2, 3]]], axis=1).reshape(-1, 3)
_SIDE_AXES = np.array([[2, 1], [2, 1], [0, 2], [0, 2], [0, 1], [0, 1]])


@dataclass
class _Furnisher:
    """Collects the surfaces of a room while it is being furnished."""

    rng: np.random.Generator
    size_m: np.ndarray
    """Width, height, depth."""
    eye: np.ndarray
    """Of the viewer; x and z from the middle of the floor, y the height above it."""
    boxes: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    """Corners and texture coordinates of each."""
    materials: dict[int, tuple[int, Material]] = field(default_factory=dict)
    """Each once, with its place, by identity: equal pictures would be slow to compare."""
    material_of_box: list[int] = field(default_factory=list)
    lamps: list[Lamp] = field(default_factory=list)

    def box(self, centre, size_m, material: Material, yaw_rad=0.0, texture_m=1.0) -> None:
        """Add a box; ``centre`` is (x, height, z) in the room."""
        corners = _CORNERS * size_m
        cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
        turn = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])
        place = corners @ turn.T + centre - self.eye
        place[:, 1] *= -1
        axes = np.repeat(_SIDE_AXES, 2, axis=0)
        uv = np.take_along_axis(corners[_BOX_FACES], axes[:, None, :].repeat(3, axis=1), axis=2)
        index, _ = self.materials.setdefault(id(material), (len(self.materials), material))
        self.boxes.append((place, uv / texture_m))
        self.material_of_box.append(index)

    def part(self) -> Part:
        """Return all boxes as one surface: hundreds of them would cost seconds each drawing."""
        count, size = len(self.boxes), len(_BOX_FACES)
        starts = len(_CORNERS) * np.arange(count)
        return Part(
            "room",
            np.concatenate([place for place, _ in self.boxes]),
            (_BOX_FACES + starts[:, None, None]).reshape(-1, 3),
            tuple(material for _, material in self.materials.values()),
            np.zeros(count * size, int),
            np.repeat(self.material_of_box, size),
            np.concatenate([uv for _, uv in self.boxes]),
            sharp_angle_rad=0.6,
        )

    def surface(self, *kinds: str, roughness: float | None = None) -> Material:
        """Draw a material with one of the named textures."""
        texture = TEXTURES[str(self.rng.choice(kinds))](self.rng, TEXTURE_SIZE_PX)
        rough = self.rng.uniform(0.3, 0.8) if roughness is None else roughness
        return Material((1.0, 1.0, 1.0), texture, roughness=float(rough))

    def paint(self, value=(0.2, 0.9)) -> Material:
        """Draw a plain colour."""
        color = random_color(self.rng, value)
        return Material(color, roughness=float(self.rng.uniform(0.25, 0.8)))


def furnished_room(rng: np.random.Generator) -> Drawing:
    """Draw a room with furniture, windows and lamps around the viewer's eye."""
    size_m = rng.uniform([3.2, 2.4, 3.2], [6.5, 3.1, 7.0])
    eye = np.array([0.0, rng.uniform(1.0, 1.6), 0.0])
    eye[[0, 2]] = rng.uniform(-0.22, 0.22, 2) * size_m[[0, 2]]
    room = _Furnisher(rng, size_m, eye)
    _add_shell(room)
    walls = rng.permutation(4)
    _add_windows(room, walls[: 1 + int(rng.random() < 0.5)])
    _add_ceiling_lamp(room)
    for wall in walls:
        _furnish_wall(room, int(wall))
    for _ in range(int(rng.integers(1, 4))):
        _add_table(room)
    camera = Camera(np.eye(3), 64, 32)
    dark = np.full((4, 8, 3), 0.02, np.float32)
    return Drawing(
        camera,
        (room.part(),),
        dark,
        np.zeros((32, 64, 3), np.float32),
        tuple(room.lamps),
        seed=int(rng.integers(2**31)),
    )


def _add_shell(room: _Furnisher) -> None:
    width, height, depth = room.size_m
    thick = 0.1
    floor = room.surface("wood", "wood", "tiles", "cloth")
    room.box((0, -thick / 2, 0), (width, thick, depth), floor, texture_m=1.2)
    white = Material((0.85, 0.85, 0.83), roughness=0.9)
    room.box((0, height + thick / 2, 0), (width, thick, depth), white)
    common = room.surface("plaster", "plain", roughness=0.8)
    for wall in range(4):
        accent = room.rng.random() < 0.3
        kinds = ("plaster", "plain", "tiles", "wood")
        material = room.surface(*kinds, roughness=0.7) if accent else common
        centre, along_x = _wall_place(room, wall, 0.0)
        size_m = (width, height, thick) if along_x else (thick, height, depth)
        room.box((centre[0], height / 2, centre[1]), size_m, material, texture_m=1.6)
        skirting = (width, 0.1, 0.13) if along_x else (0.13, 0.1, depth)
        room.box((centre[0], 0.05, centre[1]), skirting, white)


def _wall_place(room: _Furnisher, wall: int, inwards_m: float):
    """Return (x, z) of a wall's middle moved inwards, and whether the wall runs along x."""
    width, _, depth = room.size_m
    along_x = wall % 2 == 0
    sign = 1 if wall < 2 else -1
    if along_x:
        return np.array([0.0, sign * (depth / 2 - inwards_m)]), True
    return np.array([sign * (width / 2 - inwards_m), 0.0]), False


def _against_wall(room: _Furnisher, wall: int, along_m: float, size_m, height_m: float):
    """Return centre and size of a box of (length, height, depth) standing against a wall."""
    length, height, deep = size_m
    centre, along_x = _wall_place(room, wall, 0.05 + deep / 2)
    if along_x:
        return (centre[0] + along_m, height_m + height / 2, centre[1]), (length, height, deep)
    return (centre[0], height_m + height / 2, centre[1] + along_m), (deep, height, length)


def _wall_length(room: _Furnisher, wall: int) -> float:
    return float(room.size_m[0] if wall % 2 == 0 else room.size_m[2])


def _add_windows(room: _Furnisher, walls) -> None:
    rng = room.rng
    sky = color_of_temperature(rng.uniform(5200, 9000))
    strength = rng.uniform(4, 12)
    frame = Material((0.8, 0.8, 0.78), roughness=0.4)
    for wall in walls:
        length = rng.uniform(0.9, min(2.4, _wall_length(room, int(wall)) - 0.8))
        high, sill = rng.uniform(0.9, 1.5), rng.uniform(0.5, 1.0)
        along = rng.uniform(-0.15, 0.15) * _wall_length(room, int(wall))
        pane = Material(sky, emission=float(strength))
        room.box(*_against_wall(room, int(wall), along, (length, high, 0.02), sill), pane)
        edges = [(0.0, -0.04), (0.0, high), (-length / 2, 0), (length / 2, 0), (0.0, 0)]
        for index, (shift, lift) in enumerate(edges):
            bar = (length, 0.05, 0.07) if index < 2 else (0.05, high, 0.06)
            place = _against_wall(room, int(wall), along + shift, bar, sill + lift)
            room.box(*place, frame)
        if rng.random() < 0.6:
            curtain = room.surface("cloth", roughness=0.9)
            for side in (-1, 1):
                shape = (length * 0.22, high + 0.5, 0.1)
                shift = along + side * length * 0.6
                room.box(*_against_wall(room, int(wall), shift, shape, sill - 0.35), curtain)


def _add_ceiling_lamp(room: _Furnisher) -> None:
    rng = room.rng
    if rng.random() < 0.2:
        return
    color = color_of_temperature(rng.uniform(2600, 5500))
    power = rng.uniform(15, 70)
    x, z = rng.uniform(-0.2, 0.2, 2) * room.size_m[[0, 2]]
    place = np.array([x, room.size_m[1] - 0.12, z]) - room.eye
    position = (float(place[0]), float(-place[1]), float(place[2]))
    room.lamps.append(Lamp("area", float(power), color, position, (0.0, 1.0, 0.0), 0.5))


def _furnish_wall(room: _Furnisher, wall: int) -> None:
    """Put cupboards, shelves, sofas, doors and pictures along a wall."""
    rng, length = room.rng, _wall_length(room, wall)
    at = -length / 2 + rng.uniform(0.2, 0.8)
    while at < length / 2 - 0.6:
        wide = float(rng.uniform(0.6, 1.9))
        wide = min(wide, length / 2 - at - 0.1)
        middle = at + wide / 2
        choice = rng.random()
        if choice < 0.3:
            _add_shelf(room, wall, middle, wide)
        elif choice < 0.55:
            _add_cupboard(room, wall, middle, wide)
        elif choice < 0.7:
            _add_sofa(room, wall, middle, wide)
        elif choice < 0.78:
            door = room.surface("wood", "plain")
            room.box(*_against_wall(room, wall, middle, (0.85, 2.05, 0.05), 0), door)
        if choice > 0.4:
            shape = (float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.3, 0.7)), 0.03)
            art = room.surface("picture", "print", roughness=0.3)
            place = _against_wall(room, wall, middle, shape, float(rng.uniform(1.2, 1.5)))
            room.box(*place, art, texture_m=max(shape))
        at += wide + float(rng.uniform(0.1, 0.9))


def _add_cupboard(room: _Furnisher, wall: int, middle: float, wide: float) -> None:
    rng = room.rng
    high, deep = float(rng.uniform(0.6, 1.1)), float(rng.uniform(0.35, 0.6))
    body = room.surface("wood", "plain")
    room.box(*_against_wall(room, wall, middle, (wide, high, deep), 0), body)
    top = room.surface("wood", "plaster")
    room.box(*_against_wall(room, wall, middle, (wide + 0.04, 0.04, deep + 0.04), high), top)
    for _ in range(int(rng.integers(2, 8))):
        shape = rng.uniform([0.05, 0.05, 0.05], [0.25, 0.4, 0.2]).tolist()
        shift = middle + rng.uniform(-0.45, 0.45) * wide
        place = _against_wall(room, wall, shift, shape, high + 0.04)
        material = room.surface("print") if rng.random() < 0.4 else room.paint()
        room.box(*place, material, texture_m=max(shape))


def _add_shelf(room: _Furnisher, wall: int, middle: float, wide: float) -> None:
    """A bookcase: boards, and a row of books of all colours on each."""
    rng = room.rng
    deep, boards = 0.28, int(rng.integers(3, 6))
    wood = room.surface("wood", "plain")
    gap = float(rng.uniform(0.3, 0.42))
    for side in (-1, 1):
        shape = (0.03, gap * boards, deep)
        room.box(*_against_wall(room, wall, middle + side * wide / 2, shape, 0), wood)
    for board in range(boards + 1):
        shape = (wide, 0.025, deep)
        room.box(*_against_wall(room, wall, middle, shape, board * gap), wood)
    palette = [room.paint((0.1, 0.9)) for _ in range(10)]
    for board in range(boards):
        at = -wide / 2 + 0.03
        while at < wide / 2 - 0.08:
            thick = float(rng.uniform(0.015, 0.06))
            shape = (thick, float(rng.uniform(0.55, 0.85)) * gap, float(rng.uniform(0.14, 0.2)))
            place = _against_wall(room, wall, middle + at + thick / 2, shape, board * gap + 0.02)
            room.box(*place, palette[int(rng.integers(10))])
            at += thick + 0.002 + (0.2 * float(rng.random()) if rng.random() < 0.06 else 0.0)


def _add_sofa(room: _Furnisher, wall: int, middle: float, wide: float) -> None:
    fabric = room.surface("cloth", roughness=0.9)
    seat = _against_wall(room, wall, middle, (wide, 0.42, 0.8), 0)
    room.box(*seat, fabric, texture_m=0.5)
    back = _against_wall(room, wall, middle, (wide, 0.85, 0.2), 0)
    room.box(*back, fabric, texture_m=0.5)
    for side in (-1, 1):
        shape = (0.38, 0.38, 0.15)
        shift = middle + side * max(wide / 2 - 0.3, 0.05)
        room.box(*_against_wall(room, wall, shift, shape, 0.42), room.surface("cloth"))


def _add_table(room: _Furnisher) -> None:
    """A table away from the viewer, with things on it."""
    rng = room.rng
    x, z = rng.uniform(-0.38, 0.38, 2) * room.size_m[[0, 2]]
    if np.hypot(x - room.eye[0], z - room.eye[2]) < 1.3:
        return
    wide, deep, high = rng.uniform([0.7, 0.5, 0.4], [1.6, 0.9, 0.78])
    yaw = float(rng.choice([0, np.pi / 2]) + rng.normal() * 0.1)
    wood = room.surface("wood", "wood", "plain")
    room.box((x, high, z), (wide, 0.04, deep), wood, yaw)
    cos, sin = np.cos(yaw), np.sin(yaw)
    for right, front in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        dx, dz = right * (wide / 2 - 0.05), front * (deep / 2 - 0.05)
        leg = (x + cos * dx + sin * dz, high / 2, z - sin * dx + cos * dz)
        room.box(leg, (0.05, high, 0.05), wood, yaw)
    for _ in range(int(rng.integers(2, 9))):
        shape = rng.uniform([0.05, 0.02, 0.05], [0.3, 0.3, 0.25])
        dx, dz = rng.uniform(-0.4, 0.4, 2) * (wide, deep)
        place = (x + cos * dx + sin * dz, high + 0.02 + shape[1] / 2, z - sin * dx + cos * dz)
        material = room.surface("print", "cloth") if rng.random() < 0.5 else room.paint()
        room.box(place, shape, material, float(rng.random() * 3), texture_m=float(max(shape)))
