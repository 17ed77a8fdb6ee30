"""Makes a tool of a module that a model wrote: one that reads a prompt, and one that computes."""

from types import ModuleType
from typing import cast

from nexus_offline_builder.package.tools.contract import (
    CERTAIN,
    Answer,
    JsonValue,
    Question,
    Refusal,
    Task,
    Tool,
    Value,
)

_MOST_SPOKEN = 200


def tool_of(module: ModuleType, name: str, about: "dict[str, str]") -> Tool:
    """`about` has what the agent says about the tool: ability and example, in English and Chinese."""

    def understand(question: Question) -> "Task | None":
        try:
            read = cast("object", module.read(question.text, list(question.earlier)))
        except ValueError as error:
            raise _refusal(error) from None
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - whatever it stumbles over, the prompt is not one that it reads
            return None
        if not isinstance(read, dict):
            return None
        arguments = cast("dict[str, JsonValue]", read)
        return Task(CERTAIN, lambda: _answer(module, arguments))

    return Tool(
        name, about["ability"], about["ability_chinese"], about["example"], about["example_chinese"], understand
    )


def _answer(module: ModuleType, arguments: "dict[str, JsonValue]") -> Answer:
    try:
        text = str(module.run(dict(arguments)))
    except ValueError as error:
        raise _refusal(error) from None
    except RecursionError:
        raise
    except Exception:  # noqa: BLE001 - a defect of the tool: said, and no guess
        raise Refusal("I cannot work that out.", "这个我算不出来。") from None
    values = (Value(text),) if len(text) <= _MOST_SPOKEN else ()
    return Answer(text, arguments, {"text": text}, values)


def _refusal(error: ValueError) -> Refusal:
    said = str(error) or "I cannot do that."
    return Refusal(said, said)
