"""A believable Northflank: the peer of the demo, the tests and the benchmark."""

from exporter.simulator.behaviour import Behaviour
from exporter.simulator.faults import Fault
from exporter.simulator.server import Simulator
from exporter.simulator.world import World

__all__ = ["Behaviour", "Fault", "Simulator", "World"]
