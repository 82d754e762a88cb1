"""Drawings of statistics: charts, and hands coloured by contact."""
