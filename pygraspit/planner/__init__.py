"""The eigengrasp planner: simulated annealing for grasps, exact or many chains at once."""

from pygraspit.planner.annealing import SCHEDULES as SCHEDULES
from pygraspit.planner.annealing import Schedule as Schedule
from pygraspit.planner.exact import EXACT_ENERGIES as EXACT_ENERGIES
from pygraspit.planner.exact import PlanningScene as PlanningScene
from pygraspit.planner.planner import EigenGraspPlanner as EigenGraspPlanner
from pygraspit.planner.planner import PlannedGrasp as PlannedGrasp
from pygraspit.planner.scene import WorldScene as WorldScene
from pygraspit.planner.spaces import SPACES as SPACES
from pygraspit.planner.spaces import StateSpace as StateSpace
from pygraspit.planner.spaces import axis_angle_space as axis_angle_space
from pygraspit.planner.spaces import complete_space as complete_space
from pygraspit.planner.spaces import state_of as state_of
