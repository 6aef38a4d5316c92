"""What the exporter reads from others, held to properties by a fuzzer; `python -m fuzz` runs it.

Each target is a module: functions that state properties of plain values, which the tests in `tests/fuzz/` try with
values that hypothesis makes up, and `run`, which makes such values of any bytes, for a fuzzer that watches coverage.
"""
