"""Whether each function's role may do what the template says, no more and no less.

Sets of (action, resource, names of conditions) are compared, as they are written. It sees no values of
conditions, no permission boundary, no policy of the organisation and none of a table or key. A resource that
the template computes counts by its action alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rescind_cli.checks.findings import Finding, fault, ok

Policies = Mapping[str, Mapping[str, Any]]
"""Documents by name."""

_COMPUTED = "?"


@dataclass(frozen=True, slots=True)
class Role:
    """What is on a role: its own policies, and the names of the managed ones."""

    logical: str
    name: str
    inline: Policies
    attached: frozenset[str]
    """ARNs."""


@dataclass(frozen=True, slots=True)
class Grant:
    action: str
    resource: str
    conditions: tuple[str, ...]

    @property
    def words(self) -> str:
        where = "" if self.resource == _COMPUTED else f" on {self.resource}"
        return f"{self.action}{where}{' if ' if self.conditions else ''}{' and '.join(self.conditions)}"


def declared(
    template: Mapping[str, Any], names: Mapping[str, str], *, reads_feed: bool = False
) -> Iterator[Role]:
    """The roles of the processed template, where the authorizer reads the feed or the tables.

    `names` are the physical ones by logical id.
    """
    for logical, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            properties = resource.get("Properties", {})
            yield Role(
                logical,
                names.get(logical, logical),
                {
                    str(each["PolicyName"]): _chosen(each["PolicyDocument"], reads_feed=reads_feed)
                    for each in properties.get("Policies", [])
                },
                frozenset(_last(str(arn)) for arn in properties.get("ManagedPolicyArns", [])),
            )


def _chosen(document: Mapping[str, Any], *, reads_feed: bool) -> dict[str, Any]:
    """A document whose statements depend on nothing any more."""
    statements = []
    for each in _list(document["Statement"]):
        match each:
            case {"Fn::If": ["FeedIsRead", by_the_feed, by_the_tables]}:
                statements.append(by_the_feed if reads_feed else by_the_tables)
            case _:
                statements.append(each)
    return {**document, "Statement": statements}


def policies(
    template: Iterable[Role], deployed: Iterable[Role], names: Mapping[str, str]
) -> Iterator[Finding]:
    """Compare the roles; `names` are the physical names of all resources by logical id."""
    wanted = {role.logical: role for role in template}
    logical = {physical: logical for logical, physical in names.items()}
    found = list(deployed)
    faults = [each for role in found for each in _of_role(wanted[role.logical], role, logical)]
    yield from faults or [
        ok(
            "policies",
            f"{len(found)} roles may do what the template says (values of conditions are not compared)",
        )
    ]


def _of_role(wanted: Role, found: Role, logical: Mapping[str, str]) -> Iterator[Finding]:
    name = f"policies {found.logical}"
    expected = grants(wanted.inline.values(), logical)
    by_action = {grant.action for grant in expected if grant.resource == _COMPUTED}
    actual = grants(found.inline.values(), logical)
    more = sorted(each.words for each in actual - expected if each.action not in by_action)
    less = sorted(
        each.words
        for each in expected - actual
        if each.resource != _COMPUTED or each.action not in {grant.action for grant in actual}
    )
    if more:
        strangers = sorted(found.inline.keys() - wanted.inline.keys())
        cure = "; ".join(
            f"aws iam delete-role-policy --role-name {found.name} --policy-name {each}" for each in strangers
        )
        yield fault(name, f"it may also {', '.join(more)}", cure or _mend(found))
    if less:
        yield fault(name, f"it may not {', '.join(less)}, as the template says", _mend(found))
    attached = {_last(arn): arn for arn in found.attached}
    for each in sorted(attached.keys() - wanted.attached):
        yield fault(
            name,
            f"{each} is attached to it, and not by the template",
            f"aws iam detach-role-policy --role-name {found.name} --policy-arn {attached[each]}",
        )
    for each in sorted(wanted.attached - attached.keys()):
        yield fault(name, f"{each} is not attached to it, so it writes no log", _mend(found))


def _mend(role: Role) -> str:
    return (
        f"Put back on {role.name} what the template says. CloudFormation mends only a role whose part of the "
        "template changes: deploy it changed, then as it was."
    )


def grants(documents: Iterable[Mapping[str, Any]], logical: Mapping[str, str]) -> set[Grant]:
    """What the statements allow, one grant for each action and resource."""
    found = set()
    for statement in (each for document in documents for each in _list(document["Statement"])):
        if statement.get("Effect") != "Allow":
            continue
        conditions = tuple(
            sorted(
                f"{operator}:{key}"
                for operator, keys in statement.get("Condition", {}).items()
                for key in keys
            )
        )
        # The opposite of a list is much, and the template has none.
        actions = _list(statement.get("Action", "everything but some actions"))
        resources = _list(statement.get("Resource", "everything but some resources"))
        for action in actions:
            # IAM does not tell upper case from lower case in actions.
            service, _, verb = action.partition(":")
            found |= {
                Grant(f"{service.lower()}:{verb}" if verb else action, _resource(each, logical), conditions)
                for each in resources
            }
    return found


def _resource(resource: Any, logical: Mapping[str, str]) -> str:
    """The logical id behind an ARN or an intrinsic function; a foreign ARN as it is."""
    match resource:
        case {"Fn::GetAtt": [str() as name, *_]} | {"Ref": str() as name}:
            return name
        case str():
            return logical.get(_last(resource), resource)
        case _:
            return _COMPUTED


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _list(value: Any) -> Collection[Any]:
    return value if isinstance(value, list) else [value]
