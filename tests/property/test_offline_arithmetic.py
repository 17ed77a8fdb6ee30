"""The arithmetic of the offline packages against exact fractions, and their CSV totals against plain addition."""

import csv
import io
from collections.abc import Callable
from datetime import date
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from nexus_offline_builder.package.tools import arithmetic, csv_totals
from nexus_offline_builder.package.tools.contract import Answer, Question, Refusal
from nexus_offline_builder.package.tools.expression import NotAnExpression, evaluate, tokens_of, written
from nexus_offline_builder.package.tools.figures import carried, is_exact, shown

Sample = tuple[str, Fraction]
NUMBERS = st.decimals(0, 10_000, places=3).map(lambda number: (f"{number:f}", Fraction(number)))
AMOUNTS = st.decimals(-10_000, 10_000, places=2)


def joined(parts: tuple[Sample, str, Sample]) -> Sample:
    """An expression that is fully in parentheses, with its value; a division by zero becomes a sum."""
    (left, first), sign, (right, second) = parts
    if sign == "/" and second == 0:
        sign = "+"
    value = {"+": first + second, "-": first - second, "*": first * second}.get(sign)
    return f"({left} {sign} {right})", first / second if value is None else value


def negated(sample: Sample) -> Sample:
    return f"(-{sample[0]})", -sample[1]


def deeper(inner: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    return st.tuples(inner, st.sampled_from("+-*/"), inner).map(joined) | inner.map(negated)


EXPRESSIONS = st.recursive(NUMBERS, deeper, max_leaves=12)


@given(EXPRESSIONS)
def test_an_expression_has_the_value_of_its_tree(sample: Sample) -> None:
    assert evaluate(tokens_of(sample[0])) == sample[1]


@given(EXPRESSIONS)
def test_writing_an_expression_anew_keeps_its_value(sample: Sample) -> None:
    assert evaluate(tokens_of(written(tokens_of(sample[0])))) == sample[1]


@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(0, 999)), min_size=1, max_size=12), st.integers(0, 999))
def test_precedence_is_as_in_python(rest: list[tuple[str, int]], first: int) -> None:
    terms, signs = [first], [1]
    for sign, number in rest:
        if sign == "*":
            terms[-1] *= number
        else:
            terms.append(number)
            signs.append(1 if sign == "+" else -1)
    text = str(first) + "".join(f" {sign} {number}" for sign, number in rest)
    assert evaluate(tokens_of(text)) == sum(sign * term for sign, term in zip(signs, terms, strict=True))


@given(st.fractions())
def test_a_shown_number_is_close_and_exact_where_it_says_so(number: Fraction) -> None:
    again = Fraction(shown(number))
    assert abs(again - number) <= abs(number) / 10**11
    assert not is_exact(number) or again == number


@given(st.fractions())
def test_a_carried_number_keeps_at_least_33_digits(number: Fraction) -> None:
    assert abs(Fraction(carried(number)) - number) <= abs(number) / 10**33


@given(st.text(alphabet="0123456789.+-*/()^%!, xe", max_size=60))
def test_any_text_of_signs_is_answered_refused_or_left_alone(text: str) -> None:
    try:
        evaluate(tokens_of(text))
    except (NotAnExpression, Refusal):
        return


def answered(run: Callable[[], Answer]) -> str:
    try:
        return run().text
    except Refusal as refusal:
        return refusal.english


@given(st.text(max_size=200))
def test_any_prompt_is_understood_or_left_alone(text: str) -> None:
    task = arithmetic.understand(Question(text, date(2026, 11, 22)))
    if task is not None:
        assert answered(task.run)


@given(
    st.lists(st.tuples(st.text(max_size=12).filter(lambda text: "\\n" not in text), AMOUNTS), min_size=2, max_size=20)
)
def test_csv_totals_are_the_sums_of_the_columns(rows: list[tuple[str, object]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_MINIMAL, lineterminator="\n")
    writer.writerow(["note", "price"])
    writer.writerows((" ".join(text.split()).replace('"', "").replace("\0", ""), amount) for text, amount in rows)
    task = csv_totals.understand(
        Question(f"Total the column price of this CSV:\n{buffer.getvalue()}", date(2026, 1, 1))
    )
    assert task is not None
    total = sum((Fraction(str(amount)) for _, amount in rows), Fraction(0))
    assert f"total of price = {shown(total)}" in task.run().text
