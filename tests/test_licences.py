"""Which licences users get: only those that were agreed to."""

from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from scripts.licences import OPTIONAL, NotAllowed, licence
from scripts.locked import REQUIREMENTS, locked


def package(folder: Path, *metadata: str, text: str = "LICENSE") -> PathDistribution:
    """Lay down what an installed package says of itself, with the text of its licence."""
    info = folder / "thing-1.0.dist-info"
    (info / "licenses").mkdir(parents=True)
    lines = ["Metadata-Version: 2.4", "Name: thing", "Version: 1.0", *metadata]
    (info / "METADATA").write_text("\n".join(lines) + "\n")
    (info / text).write_text("You may.\n")
    return PathDistribution(info)


@pytest.mark.parametrize("name", [*locked(REQUIREMENTS), *OPTIONAL])
def test_what_users_get_has_an_allowed_licence_and_its_text(name: str) -> None:
    assert licence(PathDistribution.from_name(name))


@pytest.mark.parametrize(
    ("field", "expression"),
    [
        ("License-Expression: MIT", "MIT"),
        ("License-Expression: Apache-2.0 AND (MIT OR BSD-3-Clause)", "Apache-2.0 AND (MIT OR BSD-3-Clause)"),
        ("License: BSD-2-Clause", "BSD-2-Clause"),
        ("License: Apache 2.0", "Apache-2.0"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
    ],
)
@pytest.mark.parametrize("text", ["LICENSE", "licenses/LICENSE"])
def test_an_allowed_licence_is_told_as_spdx_writes_it(field: str, expression: str, text: str, tmp_path: Path) -> None:
    assert licence(package(tmp_path, field, "License-File: LICENSE", text=text)) == expression


@pytest.mark.parametrize(
    "field",
    [
        "License-Expression: GPL-3.0-only",
        "License-Expression: MIT AND GPL-3.0-only",
        "License-Expression: MIT OR GPL-3.0-only",
        "License-Expression: Apache-2.0 WITH LLVM-exception",
        "License-Expression: AND",
        "License: BSD",
        "License:",
        "License: MIT, but not on Sundays",
        "Classifier: License :: OSI Approved :: BSD License",
        "Summary: says nothing of licences",
    ],
)
def test_any_other_licence_is_refused_with_the_name_of_the_package(field: str, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match=r"^thing: "):
        licence(package(tmp_path, field, "License-File: LICENSE"))


def test_the_text_of_a_licence_need_not_be_named_where_it_has_its_usual_name(tmp_path: Path) -> None:
    assert licence(package(tmp_path, "License: MIT", text="LICENSE")) == "MIT"


@pytest.mark.parametrize(("fields", "text"), [([], "COPYING"), (["License-File: COPYING"], "LICENSE")])
def test_a_licence_without_its_text_is_refused(fields: list[str], text: str, tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match=r"^thing: it comes without the text"):
        licence(package(tmp_path, "License-Expression: MIT", *fields, text=text))
