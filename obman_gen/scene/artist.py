"""Draw a scene: turn its names and parameters into surfaces, lamps and pictures."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Float

from obman_gen.sample import BODY, HAND
from obman_gen.scene.backgrounds import BackgroundPainter, RenderPanorama
from obman_gen.scene.drawing import Drawing, Part
from obman_gen.scene.figure import Figure
from obman_gen.scene.lights import illuminate
from obman_gen.scene.object_looks import object_outline, object_part
from obman_gen.scene.pools import ArrayCache
from obman_gen.scene.scene import Scene, SceneConfig
from obman_gen.scene.skins import SkinPainter
from obman_gen.scene.wardrobe import PERSON_VIEWS, posed_garments, wardrobe


class Artist:
    """Draws scenes for a `Renderer`. Depends on nothing but the scene it is given."""

    def __init__(self, config: SceneConfig, figure: Figure, cache: Path):
        """Take the settings, the models and a folder for what can be made again."""
        self._figure = figure
        self._skins = SkinPainter(figure, config.person, cache / "skins")
        self._backgrounds = BackgroundPainter(config.background, ArrayCache(cache / "rooms"))
        self._wardrobe = lru_cache(maxsize=4)(lambda name: wardrobe(name, figure.body_shape))

    def __call__(self, scene: Scene, render_panorama: RenderPanorama) -> Drawing:
        """Draw a scene.

        Raises:
            SampleRejected: ``unreadable_background`` or ``unreadable_object``.
        """
        surroundings = self._backgrounds.paint(
            scene.background, scene.camera, scene.camera_from_world, render_panorama
        )
        thing = object_part(scene.object_path, scene.camera_from_object, scene.object_look)
        person = self._hand(scene) if scene.body is None else self._person(scene)
        environment, lamps = illuminate(
            scene.light, surroundings.light, scene.camera_from_world, _middle(thing)
        )
        return Drawing(
            scene.camera,
            (*person, thing),
            environment,
            surroundings.image,
            lamps,
            scene.seed,
            scene.sensor,
            self._figure.hand_vertices(scene.hand)[1],
        )

    def sketch(self, scene: Scene) -> Drawing:
        """Draw hand and object alone, colourless: what else a drawing holds can only hide them."""
        vertices, _ = self._figure.hand_vertices(scene.hand)
        faces = self._figure.hand_model.faces
        hand = Part("hand", vertices, faces, (), np.full(len(faces), HAND), in_views=PERSON_VIEWS)
        thing = object_outline(scene.object_path, scene.camera_from_object)
        dark = np.zeros((1, 2, 3), np.float32)
        return Drawing(scene.camera, (hand, thing), dark, dark)

    def _hand(self, scene: Scene) -> tuple[Part, ...]:
        figure, surface = self._figure, self._figure.hand_surface
        vertices, _ = figure.hand_vertices(scene.hand)
        closed, _ = figure.hand_model.close_boundary(vertices)
        return (
            Part(
                "hand",
                closed,
                surface.faces,
                self._skins.materials(scene.skin),
                np.full(len(surface.faces), HAND),
                surface.materials,
                surface.uv,
                in_views=PERSON_VIEWS,
            ),
        )

    def _person(self, scene: Scene) -> tuple[Part, ...]:
        """Return the dressed body; skin that clothes hide is left out, but for the hand's."""
        figure, surface = self._figure, self._figure.body_surface
        assert scene.body is not None  # a hand by itself is drawn by another method
        vertices, _ = figure.body_vertices(scene.body, scene.hand)
        garments, visible = self._wardrobe(scene.wardrobe)
        shown = visible | surface.is_hand
        skin = Part(
            "person",
            vertices,
            surface.faces[shown],
            self._skins.materials(scene.skin),
            np.where(surface.is_hand[shown], HAND, BODY),
            surface.materials[shown],
            self._skins.body_uv(scene.skin)[shown],
            in_views=PERSON_VIEWS,
        )
        return (skin, *posed_garments(garments, vertices, figure.body_shape))


def _middle(part: Part) -> Float[np.ndarray, "3"]:
    return 0.5 * (part.vertices.min(axis=0) + part.vertices.max(axis=0))
