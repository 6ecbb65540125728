"""What a run proved: the level, why not more, and everything that was skipped, expected to fail, or failed."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import importlib_metadata

from kmb_core.plugins import CONTRACT, Capability, installed_backends
from kmb_core.plugins.contract import BackendInfo

LEVELS = ("inference", "training")  # each needs those before it


@dataclass(frozen=True)
class Case:
    """One case of the suite; `name` is what deviations are declared for ("ops::add::float32")."""

    name: str
    level: str
    needs: Capability | None = None

    @property
    def group(self) -> str:
        """The first part of the name."""
        return self.name.partition("::")[0]


@dataclass
class Report:
    """Collects outcomes; `groups` are those of a whole run, `collected` the cases that pytest found."""

    info: BackendInfo
    groups: tuple[str, ...] = ()
    collected: dict[str, Case] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)  # passed, failed, skipped, deviation
    reasons: dict[str, str] = field(default_factory=dict)

    def note(self, name: str, outcome: str, reason: str = "") -> None:
        """Take an outcome; a failure in any phase of a case stays one."""
        if self.outcomes.get(name) == "failed":
            return
        self.outcomes[name] = outcome
        if reason:
            self.reasons[name] = reason

    def names(self, outcome: str) -> list[str]:
        """The cases with an outcome, in the order of the run."""
        return [name for name, found in self.outcomes.items() if found == outcome]

    def level(self) -> tuple[str, str]:
        """The highest level that everything was proved for; why there is no higher one."""
        absent = sorted(set(self.groups) - {case.group for case in self.collected.values()})
        if absent:
            return "none", f"a level needs the whole suite, and {', '.join(absent)} did not run"
        missing = [name for name in self.collected if name not in self.outcomes]
        if missing:
            return "none", f"only {len(self.outcomes)} of {len(self.collected)} cases were run"
        reached = "none"
        for level in LEVELS:
            why = self._missing_for(level)
            if why:
                return reached, f"{level}: {why}"
            reached = level
        return reached, ""

    def _missing_for(self, level: str) -> str:
        failed = [name for name in self.names("failed") if self.collected[name].level == level]
        if failed:
            more = f" and {len(failed) - 3} more" if len(failed) > 3 else ""
            return f"{len(failed)} failed: {', '.join(failed[:3])}{more}"
        if level == LEVELS[0]:
            return ""
        skipped = [name for name in self.names("skipped") if self.collected[name].level == level]
        return f"{len(skipped)} skipped: {self.reasons[skipped[0]]}" if skipped else ""

    def counts(self) -> dict[str, dict[str, int]]:
        """How many cases of each group came out how."""
        groups: dict[str, Counter[str]] = {}
        for name, outcome in self.outcomes.items():
            groups.setdefault(self.collected[name].group, Counter())[outcome] += 1
        return {group: dict(counter) for group, counter in groups.items()}

    def as_data(self) -> dict[str, Any]:
        """The report as plain data."""
        level, why_not_more = self.level()
        return {
            "backend": self.info.name,
            "versions": self.versions(),
            "contract": CONTRACT,
            "level": level,
            "why_not_more": why_not_more,
            "counts": self.counts(),
            "skipped": {name: self.reasons.get(name, "") for name in self.names("skipped")},
            "deviations": {name: self.reasons.get(name, "") for name in self.names("deviation")},
            "failed": {name: self.reasons.get(name, "") for name in self.names("failed")},
        }

    def versions(self) -> dict[str, str]:
        """Of the core, the backend's package and its framework."""
        installed = installed_backends()[self.info.name]
        found = {"kmb-core": _version("kmb-core"), installed.package: installed.version}
        for distribution in (self.info.framework, f"{self.info.framework}-cpu"):
            if _version(distribution):
                return {**found, distribution: _version(distribution)}
        return found

    def write(self, path: Path) -> None:
        """Write the report as JSON."""
        path.write_text(json.dumps(self.as_data(), indent=2) + "\n", encoding="utf-8")

    def lines(self) -> list[str]:
        """The summary for a terminal."""
        data = self.as_data()
        versions = ", ".join(f"{name} {version}".strip() for name, version in data["versions"].items())
        shown = [f"backend {data['backend']} ({versions}), contract {data['contract']}"]
        for group, counts in data["counts"].items():
            shown.append(f"  {group:<10} " + ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())))
        why = f"; not more, because {data['why_not_more']}" if data["why_not_more"] else ""
        return [*shown, f"level: {data['level']}{why}"]


def _version(distribution: str) -> str:
    try:
        return importlib_metadata.version(distribution)
    except importlib_metadata.PackageNotFoundError:
        return ""
