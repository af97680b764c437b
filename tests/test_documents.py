"""The documents hold: links lead somewhere, what is named exists, each ASVS requirement stands there once."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "layers" / "rescind" / "rescind"

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")),
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("docs/decisions/*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
]
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# A file; a test in it after two colons; something else in it after one.
NAMED = re.compile(
    r"(?P<path>[\w.][\w./-]*\.(?:py|yaml|json|md|txt|toml))(?:::(?P<test>\w+)|: (?P<symbol>\w+))?"
)
RULE = re.compile(r"\brules? (\d+(?:(?:, | and | to )\d+)*)")

# The levels of each section's requirements, in their order, as OWASP ASVS 5.0.0 has them.
LEVELS = {
    "6.1": "122",
    "6.2": "111111112222",
    "6.3": "11223333",
    "6.4": "112233",
    "6.5": "22222333",
    "6.6": "2223",
    "6.7": "33",
    "6.8": "2222",
    "7.1": "222",
    "7.2": "1111",
    "7.3": "22",
    "7.4": "11222",
    "7.5": "223",
    "7.6": "22",
    "9.1": "111",
    "9.2": "1222",
    "10.1": "22",
    "10.2": "223",
    "10.3": "22223",
    "10.4": "1111122222233333",
    "10.5": "22222",
    "10.6": "22",
    "10.7": "222",
}
LEVEL_OF = {
    f"{section}.{number}": int(level)
    for section, levels in LEVELS.items()
    for number, level in enumerate(levels, start=1)
}
STATES = ("met", "partly", "not met", "operator")
REQUIREMENT = re.compile(r"\d+\.\d+\.\d+")


def prose(document: Path) -> str:
    """The text without its blocks of code."""
    return re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@cache
def anchors(document: Path) -> frozenset[str]:
    """What a link to a heading is called, as code hosts make it of the heading."""
    headings = re.findall(r"^#+ (.+)$", prose(document), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)


def found(path: str, *, beside: Path) -> Path | None:
    """The file: from the root, from the package as in `docs/flow.md`, or beside the document."""
    return next((base / path for base in (ROOT, PACKAGE, beside) if (base / path).is_file()), None)


@cache
def names_in(file: Path) -> frozenset[str]:
    """What a file defines, at its top level and in classes; of YAML, every key."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        return frozenset(re.findall(r"^ *(\w+):", text, flags=re.MULTILINE))
    return frozenset(_defined(ast.parse(text).body))


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        match node:
            case ast.FunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name, body=members):
                yield name
                yield from _defined(members)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case _:
                pass


@cache
def every_test() -> frozenset[str]:
    files = ROOT.glob("tests/**/test_*.py")
    return frozenset(name for file in files for name in names_in(file) if name.startswith("test_"))


def tables(document: Path) -> Iterator[list[str]]:
    """The cells of each row of each table."""
    for line in prose(document).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in line.strip("|").split("|")]


ASVS = ROOT / "docs" / "asvs.md"
ROWS = [row for row in tables(ASVS) if REQUIREMENT.match(row[0])]
APPLYING = [row for row in ROWS if REQUIREMENT.fullmatch(row[0]) and len(row) > 2]


@every_document
def test_a_link_leads_somewhere(document: Path) -> None:
    for target in LINK.findall(prose(document)):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@every_document
def test_what_a_document_names_is_there(document: Path) -> None:
    for code in CODE.findall(prose(document)):
        if re.fullmatch(r"test_\w+", code):
            assert code in every_test(), code
        named = NAMED.fullmatch(code)
        assert named or not re.match(r"tests/.*::", code), f"{code} is no name of a test"
        if named is None:
            continue
        file = found(named["path"], beside=document.parent)
        assert file, code
        wanted = named["test"] or named["symbol"]
        assert not wanted or wanted in names_in(file), code


@every_document
def test_a_rule_that_a_document_names_is_a_rule(document: Path) -> None:
    rules = set(re.findall(r"^### (\d+)\.", prose(ROOT / "docs" / "rules.md"), flags=re.MULTILINE))

    named = {number for numbers in RULE.findall(prose(document)) for number in re.findall(r"\d+", numbers)}

    assert named <= rules


def test_every_requirement_is_accounted_for_once() -> None:
    numbers = Counter(number for row in ROWS for number in REQUIREMENT.findall(row[0]))

    assert numbers == Counter(LEVEL_OF.keys())


@pytest.mark.parametrize("row", APPLYING, ids=lambda row: row[0])
def test_a_requirement_that_applies_says_what_shows_it(row: list[str]) -> None:
    number, level, _, state, shown_by = row

    assert int(level) == LEVEL_OF[number]
    assert state in STATES
    if state in {"met", "partly"}:
        named = [code for code in CODE.findall(shown_by) if NAMED.fullmatch(code)]
        assert named or LINK.search(shown_by), "by what?"


def test_the_sums_are_those_of_the_rows() -> None:
    states = Counter((row[1], row[3]) for row in APPLYING)
    sums = {row[0]: [int(cell) for cell in row[1:]] for row in tables(ASVS) if row[0] in {"1", "2", "3"}}

    assert sums.keys() == {"1", "2", "3"}
    for level, (*counts, elsewhere) in sums.items():
        assert counts == [states[level, state] for state in STATES], f"level {level}: {states}"
        assert sum(counts) + elsewhere == "".join(LEVELS.values()).count(level), f"level {level}"
