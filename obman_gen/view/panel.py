"""One browser window of the viewer: its controls, its picture and its 3D scene."""

from collections.abc import Callable
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float

from obman_gen.sample import SPLITS
from obman_gen.view.browsing import ANY, PICTURES, Browser, Filter, Sight

BESIDE_M = np.array([0.30, -0.16, -0.42])
"""From the hand to where a new window looks from: near, and off the dataset's camera. The hand's
middle is the origin of the 3D view, so that stepping through samples keeps the hand in sight."""

_FIELD_RAD = 0.6
_FREE_SHARE = 0.4
"""On a phone, viser's controls cover all but this share of the height, from the top."""


class Panel:
    """Shows samples in one window; windows do not disturb each other."""

    def __init__(self, client: Any, browser: Browser, link: Callable[[str], str]):
        """Add the controls to a viser client.

        Args:
            client: viser's handle of the window.
            browser: the run.
            link: takes a sample id to the address that opens this viewer on it.
        """
        self._client, self._browser, self._link = client, browser, link
        self._chosen = browser.matching(Filter())
        self._sight: Sight | None = None
        self._index = -1
        gui = client.gui
        gui.configure_theme(control_layout="floating", control_width="medium", show_logo=False)
        self._position = gui.add_slider("Sample", 0, max(len(self._chosen) - 1, 1), 1, 0)
        self._steps = gui.add_button_group("Step", ("previous", "next"))
        self._name = gui.add_text("Go to id", "")
        self._count = gui.add_markdown("")
        self._image = gui.add_image(np.zeros((8, 8, 3), np.uint8), label="")
        self._view = gui.add_dropdown("Picture", PICTURES, initial_value="ho")
        self._joints = gui.add_checkbox("Joints", initial_value=True)
        self._outlines = gui.add_checkbox("Outlines", initial_value=False)
        self._facts = gui.add_markdown("")
        self._add_filters(gui)
        self._add_scene_switches(gui)
        self._bind()

    def show(self, index: int) -> None:
        """Show a sample by its index in the whole run."""
        self._index, self._sight = index, self._browser.sight(index)
        self._show_solids()
        self._show_picture()
        self._show_facts()

    @staticmethod
    def prepare(server: Any) -> None:
        """Set where new windows look from."""
        server.scene.set_up_direction("-y")
        server.initial_camera.position = BESIDE_M
        server.initial_camera.look_at = np.zeros(3)
        server.initial_camera.fov = _FIELD_RAD

    def step_back(self) -> None:
        """In an upright window, look from so far that the hand fits above the controls."""
        camera = self._client.camera
        if camera.aspect < 1:
            camera.position, camera.look_at = upright_view(camera.aspect)

    def open(self, sample_id: str) -> None:
        """Show a sample by id, or the first one."""
        index = self._browser.find(sample_id)
        index = 0 if index is None else index
        self.show(index)
        self._set_position(index)

    @property
    def caption(self) -> str:
        """What stands above the picture: the sample's id and how many pass the filter."""
        return self._count.content

    def move_to(self, place: int) -> None:
        """Set the slider; the sample follows."""
        self._position.value = place

    def choose_split(self, split: str) -> None:
        """Set the filter's split; the first sample that passes follows."""
        self._split.value = split

    def _add_filters(self, gui: Any) -> None:
        with gui.add_folder("Filter"):
            splits = [split for split in SPLITS if split in self._browser.splits]
            categories = sorted(np.unique(self._browser.categories).tolist())
            self._split = gui.add_dropdown("Split", (ANY, *splits), initial_value=ANY)
            self._category = gui.add_dropdown("Category", (ANY, *categories), initial_value=ANY)
            self._penetration = gui.add_slider("Penetration up to, mm", 0.0, 30.0, 0.5, 30.0)
            self._visible = gui.add_slider("Object visible from, %", 0, 100, 5, 0)

    def _add_scene_switches(self, gui: Any) -> None:
        with gui.add_folder("3D"):
            self._show_hand = gui.add_checkbox("Hand, coloured by contact", initial_value=True)
            self._show_object = gui.add_checkbox("Object", initial_value=True)
            self._show_skeleton = gui.add_checkbox("Joints in 3D", initial_value=False)
            self._show_camera = gui.add_checkbox("Camera", initial_value=True)
            self._view_button = gui.add_button("Look from the camera")

    def _bind(self) -> None:
        self._position.on_update(lambda _: self._moved())
        self._steps.on_click(lambda _: self._step(1 if self._steps.value == "next" else -1))
        self._name.on_update(lambda _: self._named())
        for control in (self._split, self._category, self._penetration, self._visible):
            control.on_update(lambda _: self._filtered())
        for control in (self._view, self._joints, self._outlines):
            control.on_update(lambda _: self._show_picture())
        for switch in (
            self._show_hand,
            self._show_object,
            self._show_skeleton,
            self._show_camera,
        ):
            switch.on_update(lambda _: self._show_solids())
        self._view_button.on_click(lambda _: self._look())

    def _moved(self) -> None:
        place = int(self._position.value)
        # The slider also reports what was set from here.
        if place < len(self._chosen) and self._chosen[place] != self._index:
            self.show(int(self._chosen[place]))

    def _step(self, by: int) -> None:
        if len(self._chosen):
            place = int(np.clip(self._position.value + by, 0, len(self._chosen) - 1))
            self.show(int(self._chosen[place]))
            self._set_position(place)

    def _named(self) -> None:
        index = self._browser.find(self._name.value.strip())
        if index is not None:
            self.show(index)
            places = np.flatnonzero(self._chosen == index)
            if len(places):
                self._set_position(int(places[0]))

    def _filtered(self) -> None:
        limit_mm = float(self._penetration.value)
        self._chosen = self._browser.matching(
            Filter(
                split=self._split.value,
                category=self._category.value,
                max_penetration_mm=np.inf if limit_mm >= self._penetration.max else limit_mm,
                min_object_visible=self._visible.value / 100,
            )
        )
        if len(self._chosen):
            self.show(int(self._chosen[0]))
        else:
            self._count.content = "No sample passes the filter."
        self._set_position(0)

    def _set_position(self, place: int) -> None:
        self._position.max = max(len(self._chosen) - 1, 1)
        self._position.value = place

    def _show_solids(self) -> None:
        sight, scene = self._sight, self._client.scene
        if sight is None:
            return
        scene.add_frame("/sample", show_axes=False, position=-sight.middle)
        for name, solid, shown in (
            ("/sample/hand", sight.hand, self._show_hand.value),
            ("/sample/object", sight.thing, self._show_object.value),
        ):
            mesh = trimesh.Trimesh(
                solid.vertices, solid.faces, vertex_colors=solid.colors, process=False
            )
            if solid.is_smooth:
                mesh.vertex_normals  # noqa: B018 once computed, they are sent
            scene.add_mesh_trimesh(name, mesh, visible=shown)
        scene.add_point_cloud(
            "/sample/joints",
            sight.joints,
            (40, 90, 220),
            point_size=0.005,
            point_shape="circle",
            precision="float32",
            visible=self._show_skeleton.value,
        )
        image = sight.sample["images/ho"]
        height, width = image.shape[:2]
        scene.add_camera_frustum(
            "/sample/camera",
            fov=float(2 * np.arctan(height / 2 / sight.intrinsics[1, 1])),
            aspect=width / height,
            scale=0.05,
            thickness=0.001,
            image=image,
            visible=self._show_camera.value,
        )

    def _show_picture(self) -> None:
        if self._sight is not None:
            self._image.image = self._sight.picture(
                self._view.value, bool(self._joints.value), bool(self._outlines.value)
            )

    def _show_facts(self) -> None:
        sight = self._sight
        if sight is None:
            return
        self._count.content = (
            f"**{sight.sample_id}**  ({len(self._chosen):,} of {len(self._browser):,} samples "
            f"pass the filter)  \n[Link to this sample]({self._link(sight.sample_id)})"
        )
        rows = "\n".join(f"| {label} | {value} |" for label, value in sight.facts.items())
        self._facts.content = f"| | |\n| --- | --- |\n{rows}"

    def _look(self) -> None:
        if self._sight is not None:
            camera = self._client.camera
            camera.position = -self._sight.middle
            camera.look_at = np.zeros(3)


def upright_view(aspect: float) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Return where to look from and at in a window that is higher than wide.

    Args:
        aspect: width by height, below 1.
    """
    position = BESIDE_M / min(aspect, _FREE_SHARE)
    height_m = 2 * np.linalg.norm(position) * np.tan(_FIELD_RAD / 2)
    below = np.array([0.0, height_m * (1 - _FREE_SHARE) / 2, 0.0])  # y points down
    return position + below, below
