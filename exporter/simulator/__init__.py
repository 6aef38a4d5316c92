"""A believable Northflank: the peer of the demo, the tests and the benchmark."""

from exporter.simulator.behaviour import Behaviour
from exporter.simulator.faults import Fault
from exporter.simulator.server import ANY_PORT, Simulator
from exporter.simulator.world import World

__all__ = ["ANY_PORT", "Behaviour", "Fault", "Simulator", "World"]
