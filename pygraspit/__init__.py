"""GraspIt! without ROS, Qt or a window."""
