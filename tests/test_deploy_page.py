"""docs/deploy.md has every parameter of the template, with its default, and no other."""

from tests.template import DOCUMENT
from tests.test_documents import ROOT, prose, tables

PAGE = ROOT / "docs" / "deploy.md"
_COLUMNS = 3


def rows_of_parameters() -> dict[str, str]:
    """Their defaults as the page has them, by name."""
    beginning = prose(PAGE).index("| parameter | default |")
    rows = [row for row in tables(PAGE) if len(row) == _COLUMNS and row[0].startswith("`")]
    section = prose(PAGE)[beginning:].partition("\n\n")[0]
    return {row[0].strip("`"): row[1].strip("`") for row in rows if f"| {row[0]} |" in section}


def test_every_parameter_is_in_the_table_with_its_default() -> None:
    declared = {name: str(each["Default"]) for name, each in DOCUMENT["Parameters"].items()}

    assert rows_of_parameters() == declared


def test_what_the_page_deploys_with_is_a_parameter() -> None:
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        _, found, given = line.partition("--parameter-overrides ")
        if found:
            names = {each.partition("=")[0] for each in given.split("`")[0].split() if "=" in each}
            assert names <= DOCUMENT["Parameters"].keys(), line


def test_every_output_that_the_page_asks_for_is_one() -> None:
    text = PAGE.read_text(encoding="utf-8")
    asked = {part.partition("'")[0] for part in text.split("OutputKey=='")[1:]}

    assert asked
    assert asked <= DOCUMENT["Outputs"].keys()
