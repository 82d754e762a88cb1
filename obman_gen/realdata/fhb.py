"""Read the First-Person Hand Action Benchmark: real hands with four real objects."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from obman_gen.arrays import transform_points
from obman_gen.errors import InputError
from obman_gen.realdata import fhb_files as files
from obman_gen.realdata import fhb_index as index
from obman_gen.realdata.pictures import read_jpeg, read_model
from obman_gen.realdata.sample import AnnotatedImage
from obman_gen.registry import lookup
from obman_gen.sample import SPLITS


class FHB:
    """One split of FHB's frames that have an object's pose; a sequence of `AnnotatedImage`.

    All hands are right hands without a mesh: ``vertices`` and ``pose`` are None. Frames come in
    the order of subject, action, repetition and number; a ``fraction`` of them is shuffled. The
    annotations are read when first asked for and kept; nothing is written.

    Splits: ``test`` is the protocol's test part, ``trainval`` its training part; ``val`` is
    a tenth of the training part's clips, always the same ones, and ``train`` the other clips.
    Published numbers are of models trained on ``trainval``.
    """

    def __init__(
        self,
        root: Path | str,
        split: str,
        protocol: str = "subjects",
        contact_only: bool = False,
        fraction: float = 1.0,
        images: str | None = None,
    ):
        """Open a split.

        Args:
            root: the folder with ``Hand_pose_annotation_v1`` and ``Object_6D_pose_annotation_v1``
                (or ``_v1_1``), ``Object_models`` and the pictures.
            split: ``train``, ``val``, ``test`` or ``trainval``.
            protocol: ``subjects`` (1, 3 and 4 train, 2, 5 and 6 test), ``objects`` (juice bottle
                and salt train, milk and liquid soap test) or ``actions`` (the official file).
            contact_only: keep what the paper calls FHB_c: frames in which a vertex of the
                object is within 10 mm of a joint.
            fraction: of ``train`` and ``trainval``: shuffle, always in the same way, and keep this
                first share, in (0, 1]. Smaller shares are parts of larger ones.
            images: the folder of pictures in ``root``; None: the first there is of
                ``Video_files_480`` (480 x 270) and ``Video_files`` (1920 x 1080).

        Raises:
            InputError: if the folder is not FHB's, or an argument is none of these.
        """
        lookup(dict.fromkeys((*SPLITS, "trainval")), split, "split")
        self.split = split
        lookup(index.PROTOCOLS, protocol, "protocol")
        self.protocol = protocol
        if not 0 < fraction <= 1:
            raise InputError(f"FHB: fraction must lie in (0, 1], got {fraction}")
        self.contact_only = contact_only
        self.fraction = fraction
        self.layout = files.Layout.find(Path(root), images)

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, position: int) -> AnnotatedImage:
        frame = self._frames[position]
        path = self.layout.colours(frame.clip) / files.picture_name(frame.number)
        image = read_jpeg(path)
        intrinsics = files.scaled_intrinsics(image.shape[1], image.shape[0])
        if intrinsics is None:
            raise InputError(
                f"{path} has {image.shape[1]} x {image.shape[0]} pixels; FHB's pictures have "
                "1920 x 1080, or fewer in the same proportion"
            )
        homogeneous = frame.joints @ intrinsics.T
        model = read_model(self.layout.models[frame.clip.object_name], 1.0)
        return AnnotatedImage(
            sample_id=frame.name,
            image=image,
            intrinsics=intrinsics,
            joints=frame.joints,
            joints_2d=homogeneous[:, :2] / homogeneous[:, 2:],
            object_id=f"fhb/{frame.clip.object_name}",
            category=frame.clip.object_name,
            camera_from_object=frame.camera_from_object,
            object_vertices=transform_points(frame.camera_from_object, model.vertices),
            object_faces=model.faces,
            object_points=transform_points(frame.camera_from_object, model.points),
        )

    def __iter__(self) -> Iterator[AnnotatedImage]:
        return (self[position] for position in range(len(self)))

    @property
    def skipped(self) -> Mapping[str, int]:
        """How many frames of the split cannot be used, by reason; `fraction` is not among them."""
        return self._usable.skipped

    @cached_property
    def _usable(self) -> index.Usable:
        clips = index.clips_of(self.layout, self.split, self.protocol)
        return index.usable_frames(self.layout, clips, self.contact_only)

    @cached_property
    def _frames(self) -> list[index.Frame]:
        frames = self._usable.frames
        if not frames:
            raise InputError(
                f"{self.layout.root} has no usable frame of FHB's split {self.split!r} "
                f"({self.protocol}); skipped: {self.skipped}"
            )
        if self.split in ("train", "trainval"):
            return index.first_share(frames, self.fraction) if self.fraction < 1 else frames
        return frames
