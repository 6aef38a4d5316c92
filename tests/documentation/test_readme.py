"""What the README says of the metrics."""

from scripts.metrics_table import README, written


def test_the_table_of_metrics_is_what_the_code_declares() -> None:
    readme = README.read_text(encoding="utf-8")
    assert "`northflank_up`" in readme
    assert written(readme) == readme, "run make docs"


def test_a_counter_without_samples_has_its_labels_in_the_table() -> None:
    (row,) = (line for line in written(README.read_text(encoding="utf-8")).splitlines() if "api_requests_total" in line)
    assert row.startswith("| `northflank_api_requests_total` | `account`, `endpoint`, `code` | ")
