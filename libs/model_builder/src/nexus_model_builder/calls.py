"""Structured calls to models: each paid for once, within budget, with bounded retries, then by the next model."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from nexus_contracts.builds.builder import Budget, Notebook, OverBudget, StepFailed
from nexus_contracts.builds.language_models import LanguageModel
from nexus_contracts.model import Message
from nexus_model_builder.models import Models
from nexus_model_builder.requests import Request, RequestFailed, asked
from nexus_model_builder.settings import ModelSettings
from nexus_model_builder.wording import INSTRUCTIONS, rejected

A = TypeVar("A", bound=BaseModel)
TRIES = 4
"""Of one model, while it is unavailable."""
REPAIRS = 2
"""Of an answer in the wrong form, by the model that gave it."""
MOST_WAIT = 60.0
"""Seconds: a model that asks for a longer pause is given up for the next one."""
USUAL_TOKENS = 4_000, 1_500
"""In and out, of one call: for estimates."""
Sleep = Callable[[float], Awaitable[None]]


class Kept(Message):
    """The outcome of a call, as its checkpoint keeps it: arguments, a fault, a refusal, or how the answer was lost."""

    model: str
    arguments: dict[str, JsonValue] | None = None
    fault: str | None = None
    refused: bool = False
    lost: str | None = None


@dataclass
class _Question:
    """Its calls are kept as `name/0`, `name/1`: one that cost nothing leaves its number to the next."""

    name: str
    kept: int = 0

    @property
    def next_call(self) -> str:
        return f"{self.name}/{self.kept}"


class Caller:
    """Makes the calls of one run of one step. A call is kept under its name: after a crash none is made twice."""

    def __init__(
        self, settings: ModelSettings, models: Models, notebook: Notebook, step: str, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._settings = settings
        self._models = models
        self._notebook = notebook
        self._offers = settings.offered(step)
        self._sleep = sleep

    async def ask(
        self, name: str, prompt: str, answer: type[A], check: Callable[[A], str | None] = lambda _answer: None
    ) -> A:
        """The model's answer. `check` says what is wrong with an answer of the right form, if anything.

        Raises StepFailed if no model gives a usable answer, or if the budget does not allow the call.
        """
        request = Request(INSTRUCTIONS, prompt, answer.model_json_schema())
        failure = RequestFailed("MODEL_UNAVAILABLE", "no model is configured for this step")
        question = _Question(name)
        for offer in self._offers:
            fault: str | None = None
            for _ in range(1 + REPAIRS):
                repair = request if fault is None else Request(INSTRUCTIONS, rejected(prompt, fault), request.schema)
                try:
                    kept = await self._answered(question, repair, offer)
                except RequestFailed as failed:
                    failure = failed
                    break
                if kept.refused:
                    failure = RequestFailed("CONTENT_REFUSED", f"{kept.model} refused to answer")
                    break
                found, fault = _read(kept, answer, check)
                if found is not None:
                    return found
                failure = RequestFailed("MODEL_OUTPUT_INVALID", f"{kept.model} gave no usable answer: {fault}")
            await self._notebook.log(f"{name}: {failure.message}"[:2000], "warning")
        raise StepFailed(failure.code, failure.message)

    def estimate(self, calls: Mapping[str, int]) -> float:
        """Of so many calls by later steps, in USD, at the prices of the models that these try first."""
        return sum(number * self._settings.offered(step)[0].cost(*USUAL_TOKENS) for step, number in calls.items())

    async def _answered(self, question: _Question, request: Request, offer: LanguageModel) -> Kept:
        """The outcome, after bounded tries. Raises RequestFailed; StepFailed over the budget."""
        turn = 0
        while True:
            try:
                kept = await self._kept(question.next_call, request, offer)
                question.kept += 1
                if kept.lost is None:
                    return kept
                raise RequestFailed("MODEL_UNAVAILABLE", kept.lost, again=True)
            except RequestFailed as failed:
                turn += 1
                if not failed.again or (failed.wait or 0.0) > MOST_WAIT or turn == TRIES:
                    raise
                await self._notebook.log(f"{failed.message}; trying again"[:2000], "warning")
                # Together with others that were told the same time, it would come too early or too many again.
                await self._sleep(max(failed.wait or 0.0, 2.0 ** (turn - 1)) * random.uniform(1.0, 1.25))

    async def _kept(self, name: str, request: Request, offer: LanguageModel) -> Kept:
        """The outcome from the checkpoint, or else from the model. Raises as above, of a call that costs nothing.

        One that may be billed although its answer is lost counts at its dearest, beside those that follow it.
        """
        saved = await self._notebook.saved(name)
        if saved is not None:
            return Kept.model_validate(saved)
        dearest = offer.dearest(request.input_tokens, offer.max_output_tokens)
        await self._reserve(name, dearest.cost_usd)
        try:
            response = await asked(request, offer, self._models, self._settings.model_timeout_seconds)
        except RequestFailed as failed:
            if not failed.lost:
                await self._notebook.release(name)
                raise
            counted = f"; it may be billed, and counts as {dearest.cost_usd:.4f} USD" if dearest.cost_usd else ""
            usage, kept = dearest, Kept(model=offer.name, lost=failed.message + counted)
        else:
            usage = response.usage
            kept = Kept(model=offer.name, arguments=response.arguments, fault=response.fault, refused=response.refused)
        await self._notebook.checkpoint(name, kept.model_dump(mode="json"), usage, offer.name)
        return kept

    async def _reserve(self, name: str, worst: float) -> None:
        """Sets `worst` USD of the budget aside. Raises StepFailed if less is left."""
        settings = self._settings
        budget = Budget(settings.model_budget_project_usd, settings.model_budget_day_usd)
        if worst and budget != Budget():
            try:
                await self._notebook.reserve(name, worst, budget)
            except OverBudget as error:
                raise StepFailed("BUDGET_EXCEEDED", str(error)) from None


def _read(kept: Kept, answer: type[A], check: Callable[[A], str | None]) -> tuple[A | None, str | None]:
    """The answer, or else what is wrong with it."""
    if kept.arguments is None:
        return None, kept.fault or "there is no answer"
    try:
        found = answer.model_validate(kept.arguments)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:10])
        return None, faults[:2000]
    fault = check(found)
    return (found, None) if fault is None else (None, fault)
