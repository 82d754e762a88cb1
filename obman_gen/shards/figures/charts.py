"""The charts of a dataset, each drawn from ``stats.json`` alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from obman_gen.shards.figures import drawings
from obman_gen.shards.figures.drawings import Statistics
from obman_gen.shards.figures.style import HEIGHT_IN, SERIES


@dataclass(frozen=True)
class Chart:
    """A drawing with what a reader needs to know about it."""

    name: str
    """File name without ``.png``."""
    title: str
    note: str
    """One or two sentences under the chart."""
    draw: Callable[[Any, Statistics], None]
    group: str
    """Section of the page."""
    height_in: float = HEIGHT_IN
    needs: str = "samples"
    """Path of the entry of the statistics without which there is nothing to draw."""

    def drawing(self, statistics: Statistics) -> Callable[[Any], None]:
        """Return what draws the chart of some statistics into an empty figure."""
        return lambda figure: self.draw(figure, statistics)

    def applies(self, statistics: Statistics) -> bool:
        """Tell whether the statistics hold what this chart shows."""
        value: Any = statistics
        for key in self.needs.split("/"):
            value = value.get(key) if isinstance(value, Mapping) else None
        return bool(value)


CHARTS: tuple[Chart, ...] = (
    Chart(
        "samples_per_category",
        "Samples per category",
        "Splits are by object: what is held in one is not held in another.",
        drawings.samples_per_category,
        "contents",
    ),
    Chart(
        "splits",
        "Samples, grasps and objects",
        "A grasp is one object at one scale held with one finger pose.",
        drawings.objects_and_grasps,
        "contents",
    ),
    Chart(
        "pose_map",
        "Map of hand poses",
        "Each point is one distinct finger pose; poses alike lie close together (t-SNE).",
        drawings.pose_map,
        "hands",
        needs="hand_pose/map/neighbour_x",
    ),
    Chart(
        "pose_axes",
        "Hand poses by their main axes",
        "The same poses on the two axes of largest variance.",
        drawings.pose_axes,
        "hands",
        needs="hand_pose/map/x_rad",
    ),
    Chart(
        "pose_variance",
        "How many axes the poses span",
        "Cumulated variance of the distinct finger poses over their principal axes.",
        drawings.explained_variance,
        "hands",
        needs="hand_pose/explained_variance",
    ),
    Chart(
        "joint_bends",
        "Finger joints",
        "How far each joint of each finger is turned, over distinct poses.",
        drawings.joint_bends,
        "hands",
        height_in=4.4,
        needs="hand_pose/bend_deg",
    ),
    Chart(
        "grasp_quality",
        "Grasp quality",
        "GraspIt!'s epsilon and volume of the grasp wrench space; epsilon is -1 without force "
        "closure.",
        drawings.histograms("epsilon", "volume"),
        "grasps",
        needs="quantities/epsilon/histogram",
    ),
    Chart(
        "penetration",
        "Penetration",
        "Deepest hand vertex inside the object, and the volume hand and object share.",
        drawings.histograms("max_penetration_mm", "intersection_volume_cm3"),
        "grasps",
        needs="quantities/max_penetration_mm/histogram",
    ),
    Chart(
        "displacement",
        "Stability in physics",
        "How far the object moves when it is let go in the still hand, and how many links of "
        "the robot hand touched it.",
        drawings.histograms("simulation_displacement_mm", "links_in_contact"),
        "grasps",
        needs="quantities/simulation_displacement_mm/histogram",
    ),
    Chart(
        "contact_parts",
        "Which parts touch",
        "Share of samples in which any vertex of the part is within 4 mm of the object.",
        drawings.contact_by_part,
        "contact",
        needs="contact/touching_share",
    ),
    Chart(
        "viewpoints",
        "Viewpoints",
        "Where the camera stands around the hand, in cells of equal solid angle.",
        drawings.viewpoints,
        "views",
        needs="viewpoints/counts",
    ),
    Chart(
        "distance",
        "Distance and size",
        "Depth of the wrist, and the side of the square around the hand's joints.",
        drawings.histograms("wrist_distance_m", "hand_size_px"),
        "views",
        needs="quantities/wrist_distance_m/histogram",
    ),
    Chart(
        "object_size",
        "Size of objects and contact",
        "Longest side of the bounding box in the object's own axes, and the share of the hand's "
        "vertices that touch it.",
        drawings.histograms("object_size_mm", "contact_share"),
        "contact",
        needs="quantities/object_size_mm/histogram",
    ),
    Chart(
        "visibility",
        "Visibility",
        "Visible share of the own silhouette: 100 % is not occluded.",
        drawings.histograms("visibility_hand", "visibility_object"),
        "views",
        needs="quantities/visibility_hand/histogram",
    ),
    Chart(
        "skin_tones",
        "Skin tones",
        "Mean colour of the hand as rendered, under each scene's light, and its class by "
        "individual typology angle.",
        drawings.skin_tones,
        "looks",
        needs="images/skin/linear_rgb",
    ),
    Chart(
        "lights",
        "Light",
        "Light rigs by how often they were drawn.",
        drawings.shares_of("lights", SERIES[4]),
        "looks",
        needs="appearance/lights",
    ),
    Chart(
        "backgrounds",
        "Backgrounds",
        "Kinds of background by how often they were drawn.",
        drawings.shares_of("backgrounds", SERIES[7]),
        "looks",
        needs="appearance/backgrounds",
    ),
    Chart(
        "occupancy",
        "Where hand and object are",
        "Share of the images in which each cell is covered.",
        drawings.occupancy,
        "views",
        needs="images/occupancy",
    ),
    Chart(
        "pictures",
        "Images",
        "Mean luma, its standard deviation and mean saturation, over an even selection.",
        drawings.picture_values,
        "looks",
        needs="images/brightness/histogram",
    ),
)
