"""Metrics of hands, objects and how they touch, on plain arrays and meshes.

Everything goes in in metres and comes out in metres, square or cubic metres; the names of
results in other units carry them (`METRIC_mm`). Nothing here knows the rest of the package:
`docs/metrics.md` explains each definition and protocol to people who use nothing else.
"""

from obman_gen.metrics.overlap import intersection_volume as intersection_volume
from obman_gen.metrics.penetration import contact_ratio as contact_ratio
from obman_gen.metrics.penetration import max_penetration as max_penetration
from obman_gen.metrics.simulation import holds_in_all_directions as holds_in_all_directions
from obman_gen.metrics.simulation import simulation_displacement as simulation_displacement
