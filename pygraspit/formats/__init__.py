"""Readers and writers of GraspIt!'s files.

A file that cannot be taken raises `DescriptionError` with the file, the element and the reason.
"""

from pygraspit.formats.body_xml import read_body as read_body
from pygraspit.formats.robot_xml import read_robot as read_robot
