from scripts.metrics_table import README, written


def test_the_table_of_metrics_is_what_the_code_declares() -> None:
    readme = README.read_text(encoding="utf-8")
    assert "`northflank_up`" in readme
    assert written(readme) == readme, "run make docs"
