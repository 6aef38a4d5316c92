"""Measurements of the exporter as a whole process, against the simulator as another."""
