"""Metrics of hands, objects and how they touch, on plain arrays and meshes.

Everything goes in in metres and comes out in metres, square or cubic metres. Nothing here
knows the rest of the package: `docs/metrics.md` explains each definition and protocol to
people who use nothing else.
"""

from obman_gen.metrics.clouds import SURFACE_SAMPLES as SURFACE_SAMPLES
from obman_gen.metrics.clouds import chamfer_distance as chamfer_distance
from obman_gen.metrics.clouds import cloud_distances as cloud_distances
from obman_gen.metrics.clouds import f_score as f_score
from obman_gen.metrics.clouds import sample_surface as sample_surface
from obman_gen.metrics.clouds import surface_chamfer as surface_chamfer
from obman_gen.metrics.clouds import to_unit_sphere as to_unit_sphere
from obman_gen.metrics.decomposition import vhacd_parts as vhacd_parts
from obman_gen.metrics.keypoints import PckCurve as PckCurve
from obman_gen.metrics.keypoints import end_point_error as end_point_error
from obman_gen.metrics.keypoints import pck_auc as pck_auc
from obman_gen.metrics.keypoints import pck_curve as pck_curve
from obman_gen.metrics.keypoints import point_errors as point_errors
from obman_gen.metrics.keypoints import procrustes_aligned as procrustes_aligned
from obman_gen.metrics.overlap import intersection_volume as intersection_volume
from obman_gen.metrics.overlap import (
    obman_voxel_intersection_volume as obman_voxel_intersection_volume,
)
from obman_gen.metrics.overlap import voxel_intersection_volume as voxel_intersection_volume
from obman_gen.metrics.penetration import contact_ratio as contact_ratio
from obman_gen.metrics.penetration import max_penetration as max_penetration
from obman_gen.metrics.penetration import signed_distances as signed_distances
from obman_gen.metrics.simulation import OBMAN_PROTOCOL as OBMAN_PROTOCOL
from obman_gen.metrics.simulation import SimulationProtocol as SimulationProtocol
from obman_gen.metrics.simulation import (
    directional_displacements as directional_displacements,
)
from obman_gen.metrics.simulation import holds_in_all_directions as holds_in_all_directions
from obman_gen.metrics.simulation import protocol_record as protocol_record
from obman_gen.metrics.simulation import simulation_displacement as simulation_displacement
