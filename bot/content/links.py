"""What files say about each other: everything that is referred to exists, and services and forms agree."""

from __future__ import annotations

from bot.content.findings import Findings
from bot.content.values import suggestion

_DEFINED_IN = {
    "unit": "organization.yaml",
    "category": "organization.yaml",
    "audience": "organization.yaml",
    "FAQ entry": "faq/",
}


def check_links(findings: Findings) -> None:
    """Note every dangling reference, except to what a file that could not be read may well define."""
    known: dict[str, list[str]] = {}
    for kind, id in findings.defined:
        known.setdefault(kind, []).append(id)
    for kind, id, place in findings.references:
        there = known.get(kind, [])
        if id not in there and not _unreadable(findings, kind):
            findings.problem(place, f"there is no {kind} `{id}`; {suggestion(id, there)}")
    _check_services_and_forms(findings)


def _unreadable(findings: Findings, kind: str) -> bool:
    file = _DEFINED_IN.get(kind)
    return file is not None and any(broken.startswith(file) for broken in findings.broken)


def _check_services_and_forms(findings: Findings) -> None:
    """A form of one service is listed by that service alone; a form of none (a letter) by any."""
    owners = {form: service for service, form in findings.claimed}
    for (service, form), place in findings.listed.items():
        if (owner := owners.get(form, service)) != service:
            findings.problem(place, f"the form `{form}` says `service: {owner}`; remove it here or change it there")
    for (service, form), place in findings.claimed.items():
        there = findings.defined.get(("service", service))
        if there and there.file not in findings.broken and (service, form) not in findings.listed:
            findings.problem(place, f"{there.file} does not list this form; add `{form}` to its `forms:`")
