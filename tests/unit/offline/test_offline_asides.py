"""Questions about tables as people put them: with greetings, reasons and asides, before the table and behind it."""

import pytest
from tests.support.offline_talks import asked

GARDEN = (
    "plant,bed,sown,weight_g,price\nbeans,north,2026-04-03,850,3.20\ncarrots,south,2026-03-21,1200,2.10\n"
    "leeks,north,2026-05-11,640,2.80\nkale,east,2026-04-19,,1.50\npeas,south,2026-04-28,430,4.00"
)
LOANS = (
    "member,book,borrowed,days_out,late_fee\nOwen,Dune,2026-09-02,12,0\nLila,Emma,2026-09-15,40,2.50\n"
    "Owen,Ulysses,2026-10-01,33,1.75\nMartha,Dune,2026-10-20,9,0\nPete,Beloved,2026-11-03,51,4.25"
)
TILL = (
    "店员,日期,商品,件数,单价\n小林,2026-10-03,伞,4,35\n阿珍,2026-10-11,帽子,7,22\n小林,2026-11-02,伞,2,35\n"
    "老周,2026-11-05,围巾,5,48\n阿珍,2026-11-20,帽子,3,22"
)
VANS = (
    '[{"van":"V1","driver":"Rosa","route":"north","drops":14,"fuel_l":22.5,"done":true},'
    '{"van":"V2","driver":"Imre","route":"south","drops":9,"fuel_l":31.0,"done":false},'
    '{"van":"V3","driver":"Rosa","route":"north","drops":17,"fuel_l":18.4,"done":true}]'
)
ANSWERED = [
    ([f"hiya, what did everything weigh in total? mum keeps asking\n{GARDEN}"], ["3120"]),
    ([f"{GARDEN}\n\nwhich one was the heaviest, out of curiosity"], ["carrots"]),
    ([f"cheapest veg?\n{GARDEN}"], ["kale"]),
    ([f"{GARDEN}\nanything I forgot to weigh?"], ["kale"]),
    ([f"when did I sow the leeks\n{GARDEN}"], ["2026-05-11"]),
    ([f"average weight for the stuff in the south bed please, it's for the newsletter\n{GARDEN}"], ["815"]),
    ([f"{GARDEN}\n\nhow much heavier were the carrots than the beans"], ["350"]),
    ([f"how many did I sow in april\n{GARDEN}"], ["3 rows"]),
    ([f"Median price please. Not the average, my sister always mixes those two up\n{GARDEN}"], ["2.8"]),
    ([f"weight times price, summed over everything (net)\n{GARDEN}"], ["8752"]),
    ([f"how much have we taken in late fees, the treasurer is nagging\n{LOANS}"], ["8.5"]),
    ([f"{LOANS}\n\nhow many times was Dune borrowed"], ["2 rows"]),
    ([f"how long did Martha keep it\n{LOANS}"], ["9"]),
    ([f"{LOANS}\nwhich month was best for late fees, just asking"], ["2026-11"]),
    ([f"average days out, excluding Pete\n{LOANS}"], ["23.5"]),
    ([f"who had it out longest?\n{LOANS}", "and what did he pay?"], ["4.25"]),
    ([f"十一月一共卖了几件啊,老板等着\n{TILL}"], ["10"]),
    ([f"{TILL}\n\n小林一共卖了多少钱(件数×单价)"], ["210"]),
    ([f"{TILL}\n11月的总件数"], ["件数 的合计 = 10"]),
    ([f"sorry to bother: how many drops did we do all together today\n{VANS}"], ["40"]),
    ([f"{VANS}\n\nwhich van drank the most fuel?? boss asks"], ["V2"]),
    ([f"{VANS}\nwho still isn't done"], ["Imre"]),
    (["amount not over 18\nrep,amount\nKim,20\nLee,15"], ["Lee", "1 row"]),
    (["longest holiday?\nname;days\nIda;8\nPer;4"], ["8", "Ida"]),
]
ASKED_BACK = [
    [f"average height\n{GARDEN}"],
    [f"{GARDEN}\ntotal yield"],
    [f"what does a kilo of tomatoes cost\n{GARDEN}"],
    [f"how much did Zara pay\n{LOANS}"],
    [f"{LOANS}\nwhich teacher had the highest late fee"],
    [f"total late fee for zara\n{LOANS}"],
    [f"average days out without the deposit\n{LOANS}"],
    [f"{LOANS}\nlate fees per branch"],
    [f"how many were out for 30 pages\n{LOANS}"],
    [f"days out over 10 or a late fee over 2\n{LOANS}"],
    [f"平均年龄是多少\n{TILL}"],
    [f"{TILL}\n小林的电话是多少"],
    [f"围裙多少钱\n{TILL}"],
    [f"total mileage\n{VANS}"],
]


@pytest.mark.parametrize(("prompts", "expected"), ANSWERED)
def test_what_is_said_besides_is_left_aside(prompts: list[str], expected: list[str]) -> None:
    requirement = "look things up in my json" if "[{" in prompts[0] else "I paste tables and ask about them"
    text, _ = asked(requirement, prompts)
    assert [part for part in expected if part not in text] == []


@pytest.mark.parametrize("prompts", ASKED_BACK)
def test_what_an_operation_needs_is_not_left_aside(prompts: list[str]) -> None:
    requirement = "look things up in my json" if "[{" in prompts[0] else "I paste tables and ask about them"
    assert asked(requirement, prompts)[1] is False
