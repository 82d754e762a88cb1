"""All grasps of one object at one scale, from the search to the ones that are kept.

Rounds of: plan on the distance field, close by exact statics, refine on the skin, measure,
throw out. Grasps kept over all rounds differ from one another.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from obman_gen.errors import SampleRejected
from obman_gen.grasps.candidates import Candidate, find_candidates, planning_field
from obman_gen.grasps.closing import VARIANTS, ClosedGrasp, Closer
from obman_gen.grasps.config import GraspsConfig
from obman_gen.grasps.diversity import pick_distinct
from obman_gen.grasps.files import StoredGrasp
from obman_gen.grasps.hand_surface import MM_PER_M
from obman_gen.grasps.measure import SkinMeasurer, solid_of
from obman_gen.grasps.refine import Refiner
from obman_gen.grasps.robot import HandRobot, make_robot
from obman_gen.hands import HandModel, HandPosePrior
from obman_gen.objects import PreparedObject
from obman_gen.sample import Grasp, GraspMeasures, HandParameters
from obman_gen.streams import RandomStreams
from pygraspit.model import Geometry

POSTURE_COUNT = 300
"""Postures that tell a hand's joint ranges and eigengrasps."""
SCREENING_SHARE = 0.7
"""Candidates must differ by this share of what kept grasps must differ by."""

DIRECTION_COUNT = 6


class GraspYield(NamedTuple):
    """What became of one object at one scale."""

    kept: list[StoredGrasp]
    rejected: Counter[str]
    """Candidates thrown out, by the first rule that they broke."""
    candidate_count: int


@dataclass(frozen=True)
class _Refined:
    """A grasp that passed every rule."""

    closed: ClosedGrasp
    hand: HandParameters
    measures: GraspMeasures

    @property
    def score(self) -> float:
        """Many links in contact, and an object that stays where it is, however gravity pulls.

        A grasp that was not tried in all directions counts as if it held in all.
        """
        measures = self.measures
        held = DIRECTION_COUNT if self.is_untried else measures.directions_held
        steady = held / DIRECTION_COUNT
        return (
            measures.links_in_contact - 200.0 * measures.simulation_displacement_m + 10.0 * steady
        )

    @property
    def is_untried(self) -> bool:
        """Whether its hold was tried in one direction only."""
        return math.isnan(self.measures.directions_held)


class Workbench(NamedTuple):
    """The tools for one hand and one object."""

    hand: HandRobot
    closer: Closer
    refiner: Refiner
    measurer: SkinMeasurer
    config: GraspsConfig


def plan_grasps(
    prepared: PreparedObject,
    metres_per_unit: float,
    hand_model: HandModel,
    streams: RandomStreams,
    config: GraspsConfig,
) -> GraspYield:
    """Find grasps of a prepared object.

    Args:
        prepared: the object, raw units.
        metres_per_unit: one of its scales.
        hand_model: any MANO-schema hand; a shape is drawn for this object and scale.
        streams: addressed by object and scale.
        config: how many, and what they must withstand.
    """
    hand = draw_hand(hand_model, streams, config)
    tools = _workbench(hand, prepared, metres_per_unit, hand_model, config)
    field = planning_field(prepared.distance, prepared.surface[0], metres_per_unit)
    passed: list[_Refined] = []
    picked, weak = [], 0
    rejected: Counter[str] = Counter()
    tried = 0
    for attempt in range(config.rounds):
        rng = streams("plan", attempt)
        candidates = _screened(find_candidates(hand.robot, field, rng, config), hand, config)
        tried += len(candidates)
        passed += _passing(candidates, tools, rejected)
        picked, weak = _pick(passed, tools)
        if len(picked) == config.per_scale:
            break
    rejected["directions_held"] = weak
    rejected["not_needed"] = len(passed) - len(picked) - weak
    kept = [_stored(passed[index], prepared, metres_per_unit, tools) for index in picked]
    return GraspYield(kept, +rejected, tried)


def draw_hand(hand_model: HandModel, streams: RandomStreams, config: GraspsConfig) -> HandRobot:
    """Draw a hand shape and make its robot."""
    betas = streams("hand").normal(0.0, config.hand_shape_std, 10)
    postures = HandPosePrior(hand_model).sample_many(streams("postures"), POSTURE_COUNT)
    return make_robot(hand_model, betas, postures)


def _workbench(
    hand: HandRobot,
    prepared: PreparedObject,
    metres_per_unit: float,
    hand_model: HandModel,
    config: GraspsConfig,
) -> Workbench:
    vertices, faces = prepared.planning_surface
    body = Geometry(
        MM_PER_M * metres_per_unit * np.asarray(vertices, np.float64), np.asarray(faces)
    )
    return Workbench(
        hand,
        Closer(hand, body, prepared.object_id, config.relax_free_fingers),
        Refiner(hand_model, hand.betas, prepared.distance, metres_per_unit, config.refine),
        SkinMeasurer(hand_model, solid_of(prepared, metres_per_unit), config.limits),
        config,
    )


def _screened(
    candidates: Sequence[Candidate], hand: HandRobot, config: GraspsConfig
) -> list[Candidate]:
    """Choose the most promising candidates that differ."""
    hands = [hand.hand_from_robot(one.object_from_palm, one.closed.dofs) for one in candidates]
    scores = [one.score for one in candidates]
    least = SCREENING_SHARE * config.distinct
    return [candidates[i] for i in pick_distinct(hands, scores, least, config.candidates)]


def _passing(
    candidates: Sequence[Candidate], tools: Workbench, rejected: Counter[str]
) -> Iterator[_Refined]:
    """Yield the candidates that pass every rule; count the others."""
    for number, candidate in enumerate(candidates):
        try:
            closed = _close(tools.closer, candidate, number)
            yield _refine(closed, tools)
        except SampleRejected as problem:
            rejected[problem.rule] += 1


def _close(closer: Closer, candidate: Candidate, first: int) -> ClosedGrasp:
    """Close in mano_grasp's ways, one after the other, until one gives a grasp.

    Args:
        closer: the statics.
        candidate: what to close.
        first: the way to begin with, so that all ways get their share.

    Raises:
        SampleRejected: the rule that the last way broke, if none gives a grasp.
    """
    ways = [VARIANTS[(first + k) % len(VARIANTS)] for k in range(len(VARIANTS))]
    for variant in ways[:-1]:
        try:
            return closer.close(candidate.object_from_palm, candidate.planned_dofs, variant)
        except SampleRejected:
            continue
    return closer.close(candidate.object_from_palm, candidate.planned_dofs, ways[-1])


def _refine(closed: ClosedGrasp, tools: Workbench) -> _Refined:
    """Settle a grasp on the object and measure it.

    Raises:
        SampleRejected: under the limit's name.
    """
    (hand,) = tools.refiner.refine([closed.hand])
    clearance, least = tools.refiner.core_clearance(hand), tools.config.limits.min_core_clearance
    if clearance < least:
        raise SampleRejected("through_wall", f"core clearance {clearance:.2f}, need {least:.2f}")
    measures = tools.measurer.measure_acceptable(hand, closed.measures)
    return _Refined(closed, hand, measures)


def _pick(passed: list[_Refined], tools: Workbench) -> tuple[list[int], int]:
    """Pick distinct grasps, best first, trying in all directions, in place, what is picked.

    Trying is dear and most grasps hold: one is tried when it would be kept, and makes room for
    others if it turns out weak.

    Returns:
        Indices of what to keep, and how many grasps hold in too few directions.
    """
    config = tools.config
    while True:
        strong = [
            index
            for index, grasp in enumerate(passed)
            if not grasp.measures.directions_held < config.limits.min_directions_held
        ]
        hands, scores = [passed[i].hand for i in strong], [passed[i].score for i in strong]
        places = pick_distinct(hands, scores, config.distinct, config.per_scale)
        picked = [strong[place] for place in places]
        untried = [index for index in picked if passed[index].is_untried]
        if not untried:
            return picked, len(passed) - len(strong)
        for index in untried:
            grasp = passed[index]
            held = float(tools.measurer.directions_held(grasp.hand, grasp.measures))
            passed[index] = replace(grasp, measures=replace(grasp.measures, directions_held=held))


def _stored(
    grasp: _Refined, prepared: PreparedObject, metres_per_unit: float, tools: Workbench
) -> StoredGrasp:
    return StoredGrasp(
        grasp=Grasp(prepared.object_id, metres_per_unit, grasp.hand, grasp.measures),
        plan=grasp.closed.plan,
        measures_before=tools.measurer.measure(grasp.closed.hand, grasp.closed.measures),
    )
