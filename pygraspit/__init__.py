"""GraspIt! without ROS, Qt or a window."""

from pygraspit.body import Body as Body
from pygraspit.robot import Robot as Robot
from pygraspit.world import World as World
