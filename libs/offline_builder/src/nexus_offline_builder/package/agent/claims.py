"""Which of the tools a question is for."""

from collections.abc import Sequence

from ..tools.contract import CERTAIN, POSSIBLE, Question, Refusal, Task, Tool
from .replies import TOO_DEEP, Claim, done, is_failed, refusing


class Claims:
    """What tools make of questions. A conversation puts one in many ways, often the same: each is read once.

    `further` are tools beside those that the requirement names: only a claim of theirs that is certain counts.
    """

    def __init__(self, named: Sequence[Tool], further: Sequence[Tool] = ()) -> None:
        self.named, self.further = named, further
        self.tools = (*named, *further)
        self._surest: dict[Question, Claim | None] = {}

    def surest(self, question: Question) -> Claim | None:
        """The surest tool's claim on the question; among equals the first tool's that can do it."""
        if question not in self._surest:
            self._surest[question] = self._of_all(question)
        return self._surest[question]

    def _of_all(self, question: Question) -> Claim | None:
        claims: list[Claim] = []
        for tool in self.tools:
            alone = len(self.named) == 1 and tool not in self.further
            try:
                task = tool.understand(question._replace(alone=alone))
            except Refusal as refusal:
                task = None if tool in self.further else Task(CERTAIN, refusing(refusal))
            except RecursionError:
                task = Task(CERTAIN, refusing(TOO_DEEP))
            least = CERTAIN if tool in self.further else POSSIBLE
            if task is not None and task.confidence >= least:
                claims.append(Claim(tool, question, task))
        certain = [claim for claim in claims if claim.task.confidence == CERTAIN]
        able = (one for one in certain if len(certain) > 1 and not is_failed(done(one)))
        return next(able, max(claims, key=lambda claim: claim.task.confidence, default=None))
