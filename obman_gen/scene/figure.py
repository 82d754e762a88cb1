"""The person as surfaces: which faces are the hand's, where each lies in the skin's images."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Integer

from obman_gen.arrays import Faces, Vertices
from obman_gen.bodies.model import BodyModel
from obman_gen.hands.model import HandModel
from obman_gen.sample import BodyParameters, HandParameters
from obman_gen.scene.anatomy import HandShape
from obman_gen.scene.atlas import packed_uv, projected_uv, two_sided_uv
from obman_gen.scene.face import Face, find_face
from obman_gen.scene.limbs import BodyShape

BODY_SKIN, HAND_SKIN = range(2)
"""Materials of a person's skin: one image for the body, one for both hands."""

RIGHT_WRIST_JOINT, FIRST_RIGHT_FINGER_JOINT = 21, 37


@dataclass(frozen=True)
class Skinned:
    """A surface to be painted: its faces, the skin image each lies in, and where."""

    faces: Faces
    is_hand: Bool[np.ndarray, "face"]
    """Faces of the annotated hand."""
    materials: Integer[np.ndarray, "face"]
    """`BODY_SKIN` or `HAND_SKIN`."""
    uv: Float[np.ndarray, "face 3 2"]


class Figure:
    """A hand model, and the body model it is attached to, prepared once per process."""

    def __init__(self, hand_model: HandModel, body_model: BodyModel | None):
        """Take the models; without a body, hands are shown by themselves."""
        self.hand_model, self.body_model = hand_model, body_model
        self._last_hand: tuple[HandParameters, tuple[np.ndarray, np.ndarray]] | None = None

    @property
    def body(self) -> BodyModel:
        """The body model, where there is one."""
        assert self.body_model is not None
        return self.body_model

    def hand_vertices(self, hand: HandParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return the hand's vertices and 21 joints in its frame, metres."""
        if self._last_hand is None or self._last_hand[0] is not hand:  # a sample asks four times
            self._last_hand = hand, self.hand_model.vertices_of(hand)
        return self._last_hand[1]

    def body_vertices(
        self, body: BodyParameters, hand: HandParameters
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the body's vertices and 52 joints in its frame, metres."""
        return self.body.vertices_of(body, hand.betas)

    def rest_pelvis(self, body: BodyParameters, hand: HandParameters) -> Float[np.ndarray, "3"]:
        """Return the pelvis joint of the unposed body, about which its root turns."""
        both = torch.as_tensor(np.concatenate([body.betas, hand.betas])[None])
        return self.body.in_double().rest_joints(both)[0, 0].numpy()

    @cached_property
    def hand_shape(self) -> HandShape:
        """The hand at rest, in the place it has on the body at rest."""
        model = self.hand_model
        flat = HandParameters(np.zeros(3), np.zeros(45), np.zeros(10), np.zeros(3), model.side)
        vertices, joints = self.hand_vertices(flat)
        return HandShape(
            vertices + self._body_from_hand,
            model.faces,
            joints + self._body_from_hand,
            model.weights,
            model.pad_ids,
            model.side,
        )

    @cached_property
    def _body_from_hand(self) -> Float[np.ndarray, "3"]:
        """Shift from the hand's rest frame to its place on the body's rest pose."""
        if self.body_model is None or not len(self.body.hand_vertex_ids):
            return np.zeros(3)
        return (self.body.template[self.body.hand_vertex_ids] - self.hand_model.template).mean(0)

    @cached_property
    def hand_uv(self) -> Float[np.ndarray, "face 3 2"]:
        """Corner coordinates of the hand's faces in the hand's image."""
        atlas = self.hand_model.asset.atlas
        if atlas is None:
            return projected_uv(self.hand_model.template, self.hand_model.faces)
        return packed_uv(atlas.uv, atlas.faces)

    @cached_property
    def hand_surface(self) -> Skinned:
        """The hand by itself, its wrist closed: the lid repeats the last skin before it."""
        _, faces = self.hand_model.close_boundary(self.hand_model.template)
        lid = len(faces) - len(self.hand_model.faces)
        rim = self.hand_uv[-1, 0]
        uv = np.concatenate([self.hand_uv, np.broadcast_to(rim, (lid, 3, 2))])
        return Skinned(faces, np.ones(len(faces), bool), np.full(len(faces), HAND_SKIN), uv)

    @cached_property
    def body_uv(self) -> Float[np.ndarray, "face 3 2"]:
        """Corner coordinates of the body's faces in the body's image."""
        atlas = self.body.asset.atlas
        if atlas is None:
            return two_sided_uv(self.body.template, self.body.faces)
        return atlas.uv[atlas.faces]

    @cached_property
    def body_surface(self) -> Skinned:
        """The whole body; both hands wear the hand's image."""
        faces, uv = self.body.faces, self.body_uv.copy()
        materials = np.full(len(faces), BODY_SKIN)
        right = self._painted_as_hand(self.body.hand_vertex_ids, uv, materials)
        if len(self.body.hand_vertex_ids):
            mirror = _mirror(self.body.template)
            self._painted_as_hand(mirror[self.body.hand_vertex_ids], uv, materials)
        else:
            main = self.body.weights.argmax(axis=1)
            of_hand = (main == RIGHT_WRIST_JOINT) | (main >= FIRST_RIGHT_FINGER_JOINT)
            right = of_hand[faces].all(axis=1)
        return Skinned(faces, right, materials, uv)

    def _painted_as_hand(self, ids: np.ndarray, uv: np.ndarray, materials: np.ndarray):
        """Give a hand's faces on the body the hand's image; return which they are."""
        body_faces = self.body.faces
        found = np.zeros(len(body_faces), bool)
        if not len(ids):
            return found
        hand_faces = ids[self.hand_model.faces]
        row_of = {key: row for row, key in enumerate(map(tuple, np.sort(body_faces, axis=1)))}
        for row, face in enumerate(hand_faces):
            at = row_of.get(tuple(np.sort(face)))
            if at is None:
                continue
            found[at] = True
            corner_of = {vertex: corner for corner, vertex in enumerate(face)}
            uv[at] = self.hand_uv[row, [corner_of[vertex] for vertex in body_faces[at]]]
        materials[found] = HAND_SKIN
        return found

    @cached_property
    def body_shape(self) -> BodyShape:
        """The body at rest, for clothes to be cut from."""
        model = self.body
        joints = model.asset.joint_regressor @ model.template
        return BodyShape(model.template, model.faces, joints, model.weights)

    @cached_property
    def face(self) -> Face | None:
        """The face of the body at rest, if it has eyeballs."""
        return find_face(self.body.template, self.body.faces)

    @cached_property
    def eye_ids(self) -> Integer[np.ndarray, "2"]:
        """Vertices about where the eyes are."""
        if self.face is None:
            head = self.body_shape.joints[15]
            places = head + np.array([[0.032, 0.07, 0.09], [-0.032, 0.07, 0.09]])
        else:
            places = self.face.eyes
        gaps = np.linalg.norm(self.body.template[:, None] - places, axis=2)
        return gaps.argmin(axis=0)


def _mirror(template: Vertices) -> Integer[np.ndarray, "vertex"]:
    """Return the vertex at each vertex's mirror image in x."""
    from scipy.spatial import cKDTree

    _, mirror = cKDTree(template).query(template * [-1.0, 1.0, 1.0])
    return mirror
