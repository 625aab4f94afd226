"""The comparison: all candidates in turn, in changing order, round after round."""

import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from statistics import median
from typing import NamedTuple

from benchmarks.compare.load import BadAnswer, Call, Slice, measured
from benchmarks.compare.serving import Service

CONNECTIONS = (8, 32)
TRIES = 3  # of a slice in which others worked
Figure = Callable[[Slice], float]
RATE: Figure = attrgetter("per_second")


class Question(NamedTuple):
    """What is asked for, over how many connections."""

    call: str
    connections: int


@dataclass(slots=True)
class Outcome:
    """What came of all rounds: for each question and candidate a slice of each round, None where it was left out."""

    found: dict[tuple[Question, str], list[Slice | None]] = field(default_factory=lambda: defaultdict(list))
    slices: int = 0
    left_out: int = 0

    def add(self, question: Question, name: str, tries: Sequence[Slice], busy: float) -> None:
        """Take in a candidate's slice of one round; it counts where its last try was not disturbed."""
        self.slices += len(tries)
        self.left_out += sum(each.others > busy for each in tries)
        self.found[question, name].append(tries[-1] if tries[-1].others <= busy else None)

    def extend(self, other: "Outcome") -> None:
        """Take in what came of more rounds."""
        for key, slices in other.found.items():
            self.found[key].extend(slices)
        self.slices, self.left_out = self.slices + other.slices, self.left_out + other.left_out

    def figures(self, question: Question, name: str, of: Figure = RATE) -> list[float]:
        """Return the requests per second of a candidate, or another figure, of the rounds that count."""
        return [of(each) for each in self.found[question, name] if each is not None]

    def ratio(self, question: Question, name: str, other: str, of: Figure = RATE) -> float | None:
        """Return the median of the ratios of one candidate to another, each within one round."""
        pairs = zip(self.found[question, name], self.found[question, other], strict=True)
        ratios = [of(mine) / of(theirs) for mine, theirs in pairs if mine is not None and theirs is not None]
        return median(ratios) if ratios else None


@dataclass(frozen=True, slots=True)
class Rounds:
    """How much is measured, in seconds a slice; `trial`: of a slice on each server that a candidate is tried on.

    `busy`: above this share of the CPU for others a slice is left out and tried again.
    """

    number: int
    seconds: int
    trial: int
    busy: float

    def run(self, services: Sequence[Service], calls: Sequence[Call], say: Callable[[str], None]) -> Outcome:
        """Measure every candidate by every question, as often as there are rounds."""
        outcome, chance = Outcome(), random.Random()
        questions = [(call, connections) for call in calls for connections in CONNECTIONS]
        for number in range(1, self.number + 1):
            for call, connections in chance.sample(questions, len(questions)):
                for service in chance.sample(services, len(services)):
                    tries = self.tries(service, call, connections, self.seconds)
                    outcome.add(Question(call.name, connections), service.name, tries, self.busy)
            say(f"round {number} of {self.number}; {outcome.left_out} of {outcome.slices} slices left out")
        return outcome

    def tries(self, service: Service, call: Call, connections: int, seconds: int) -> list[Slice]:
        """Return a slice, behind those that were disturbed; BadAnswer where an undisturbed one got no answer."""
        done: list[Slice] = []
        while len(done) < TRIES and (not done or done[-1].others > self.busy):
            done.append(measured(service, call, connections, seconds))
        if done[-1].others <= self.busy and not done[-1].per_second:
            raise BadAnswer(f"{service.name}, {call.name}, {connections} connections: no answer at all")
        return done
