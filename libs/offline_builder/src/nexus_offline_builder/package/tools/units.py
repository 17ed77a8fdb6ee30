"""Units of measurement: names, what they measure, and their exact size."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction
from typing import NamedTuple

from .patterns import lazy_pattern


class Unit(NamedTuple):
    """A unit by its symbol. A value v in it is `v * size + offset` in the first unit of its kind."""

    symbol: str
    kind: str
    size: Fraction
    offset: Fraction = Fraction(0)


# Each line: symbol, size in the first unit of the kind, names in the singular, both languages.
_TABLE = {
    "length": """
        m 1 meter metre 米 公尺
        km 1000 kilometer kilometre kms 公里 千米
        dm 0.1 decimeter decimetre 分米
        cm 0.01 centimeter centimetre 厘米 公分
        mm 0.001 millimeter millimetre 毫米
        µm 0.000001 micrometer micrometre micron um 微米
        nm 0.000000001 nanometer nanometre 纳米
        mi 1609.344 mile 英里 哩
        yd 0.9144 yard 码
        ft 0.3048 foot feet 英尺 呎
        in 0.0254 inch inches 英寸 吋
        nmi 1852 nautical_mile sea_mile 海里
        furlong 201.168
        chain 20.1168 surveyor's_chain gunter's_chain
        rod 5.0292
        hand 0.1016 hh
        fathom 1.8288
        thou 0.0000254
        li 500 里 华里
        zhang 10/3 丈
        chi 1/3 尺 市尺
        cun 1/30 寸 市寸
        ly 9460730472580800 light_year lightyear 光年
    """,
    "mass": """
        kg 1 kilogram kilo kgs 公斤 千克
        g 0.001 gram gramme 克 公克
        mg 0.000001 milligram 毫克
        µg 0.000000001 microgram mcg ug 微克
        ng 0.000000000001 nanogram 纳克
        carat 0.0002 克拉
        t 1000 tonne ton metric_ton 吨 公吨
        lb 0.45359237 pound lbs 磅
        oz 0.028349523125 ounce 盎司 安士
        st 6.35029318 stone 英石
        jin 0.5 斤 市斤
        liang 0.05 两
        catty 0.6 台斤
        quintal 100 公担
        dan 50 担 市担
    """,
    "volume": """
        l 1 liter litre 升 公升
        hl 100 hectoliter hectolitre
        dl 0.1 deciliter decilitre 分升
        cl 0.01 centiliter centilitre
        ml 0.001 milliliter millilitre cc 毫升
        µl 0.000001 microliter microlitre ul 微升
        m³ 1000 cubic_meter cubic_metre m3 cu_m cbm 立方米 立方 ㎥ 立方公尺
        cm³ 0.001 cubic_centimeter cubic_centimetre cm3 立方厘米
        ft³ 28.316846592 cubic_foot cubic_feet cu_ft cuft ft3 立方英尺
        in³ 0.016387064 cubic_inch cubic_inches cu_in cuin in3 立方英寸
        yd³ 764.554857984 cubic_yard cu_yd yd3 立方码
        cord 3624.556363776
        board_foot 2.359737216 board_feet bd_ft bdft
        gal 3.785411784 gallon us_gallon 加仑
        qt 0.946352946 quart 夸脱
        bbl 158.987294928 barrel
        pt 0.473176473 pint 品脱
        cup 0.2365882365 us_cup 杯
        fl_oz 0.0295735295625 fluid_ounce floz 液量盎司
        tbsp 0.01478676478125 tablespoon tbs 汤匙 大勺 大匙
        tsp 0.00492892159375 teaspoon 茶匙 小勺 小匙
        imperial_gal 4.54609 imperial_gallon uk_gallon 英制加仑
        imperial_qt 1.1365225 imperial_quart uk_quart
        imperial_pt 0.56826125 imperial_pint uk_pint
        imperial_fl_oz 0.0284130625 imperial_fluid_ounce uk_fluid_ounce uk_fl_oz
    """,
    "area": """
        m² 1 square_meter square_metre m2 sqm sq_m 平方米 平米 平 ㎡ 平方公尺
        km² 1000000 square_kilometer square_kilometre km2 sq_km 平方公里 平方千米
        cm² 0.0001 square_centimeter square_centimetre cm2 sq_cm 平方厘米 平方公分
        ha 10000 hectare 公顷
        acre 4046.8564224 acres 英亩
        yd² 0.83612736 square_yard sq_yd yd2 平方码
        ft² 0.09290304 square_foot square_feet sq_ft sqft ft2 平方英尺
        in² 0.00064516 square_inch square_inches sq_in in2 平方英寸
        mi² 2589988.110336 square_mile sq_mi mi2 平方英里
        mu 2000/3 亩 市亩
        顷 200000/3 市顷
        公亩 100
        坪 400/121
    """,
    "length/time": """
        m/s 1 meter_per_second metre_per_second meters_per_second metres_per_second mps 米每秒 米/秒
        km/h 5/18 kilometer_per_hour kilometre_per_hour kilometers_per_hour kilometres_per_hour kph kmh kmph
        km/h 5/18 公里每小时 千米每小时 公里/小时 千米/小时 公里/时
        mph 0.44704 mile_per_hour miles_per_hour mi/h 英里每小时 英里/小时
        kn 463/900 knot kt 节
        ft/s 0.3048 foot_per_second feet_per_second fps 英尺每秒
    """,
    "time": """
        s 1 second sec secs 秒 秒钟
        ms 0.001 millisecond msec 毫秒
        min 60 minute mins 分钟 分
        h 3600 hour hr hrs 小时 钟头
        day 86400 d 天 日
        week 604800 wk 周 星期 礼拜
        fortnight 1209600
        year 31557600 yr years 年
        decade 315576000
        century 3155760000 centuries 世纪
    """,
    "data": """
        B 1 byte 字节 位元组
        bit 1/8 bits 比特 位
        kB 1000 kilobyte kb 千字节
        MB 1000000 megabyte mb 兆字节 兆
        GB 1000000000 gigabyte gb gigs gig 吉字节
        TB 1000000000000 terabyte tb
        PB 1000000000000000 petabyte pb
        KiB 1024 kibibyte
        MiB 1048576 mebibyte
        GiB 1073741824 gibibyte
        TiB 1099511627776 tebibyte
        kbit 125 kilobit Kb
        Mbit 125000 megabit Mb
        Gbit 125000000 gigabit Gb
        Tbit 125000000000 terabit Tb
    """,
    "data/time": """
        bit/s 1/8 bps
        kbit/s 125 kbps
        Mbit/s 125000 Mbps
        Gbit/s 125000000 Gbps
    """,
    "volume/time": """
        gpm 0.0630901964 gallons_per_minute
        cfm 0.4719474432 cubic_feet_per_minute
    """,
    "torque": """
        Nm 1 newton_metre newton_meter N·m 牛米
        lb·ft 1.3558179483314004 foot_pound pound_foot lbf_ft
    """,
    "volume/length": """
        l/100km 1/100000 l/100_km litres_per_100_km liters_per_100_km 升/百公里 升/100公里
    """,
    "length/volume": """
        mpg 201168000000/473176473 miles_per_gallon us_mpg
        imperial_mpg 160934400/454609 uk_mpg british_mpg miles_per_uk_gallon miles_per_imperial_gallon
        km/l 1000 kilometers_per_liter kilometres_per_litre kmpl kpl
    """,
    "energy": """
        J 1 joule 焦耳 焦
        kJ 1000 kilojoule 千焦
        MJ 1000000 megajoule 兆焦
        cal 4.184 calorie 卡路里 卡
        kcal 4184 kilocalorie 千卡 大卡
        Wh 3600 watt_hour
        kWh 3600000 kilowatt_hour 千瓦时 度电
        MWh 3600000000 megawatt_hour 兆瓦时
        BTU 1055.05585262
    """,
    "pressure": """
        Pa 1 pascal 帕 帕斯卡
        kPa 1000 kilopascal 千帕
        bar 100000 bars 巴
        atm 101325 atmosphere 标准大气压 大气压
        hPa 100 hectopascal 百帕
        MPa 1000000 megapascal 兆帕
        mbar 100 millibar 毫巴
        inHg 3386.389 inches_of_mercury
        torr 133.322368421
        mmHg 133.322387415 毫米汞柱
        psi 6894.757293168 pounds_per_square_inch
    """,
    "power": """
        W 1 watt 瓦 瓦特
        kW 1000 kilowatt 千瓦
        MW 1000000 megawatt 兆瓦
        GW 1000000000 gigawatt 吉瓦
        hp 745.69987158227022 horsepower
        metric_hp 735.49875 metric_horsepower 马力
    """,
    "force": """
        N 1 newton 牛顿
        kN 1000 kilonewton 千牛
        lbf 4.4482216152605 pound_force
    """,
    "frequency": """
        Hz 1 hertz 赫兹
        kHz 1000 kilohertz 千赫
        MHz 1000000 megahertz 兆赫
        GHz 1000000000 gigahertz 吉赫
    """,
}
_TEMPERATURES = (
    (Unit("K", "temperature", Fraction(1)), "kelvin kelvins 开尔文 开氏度"),
    (Unit("°C", "temperature", Fraction(1), Fraction("273.15")), "c celsius centigrade degc 摄氏度 摄氏 ℃ °c"),
    (
        Unit("°F", "temperature", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
        "f fahrenheit degf 华氏度 华氏 ℉ °f",
    ),
)


def _named() -> dict[str, Unit]:
    names: dict[str, Unit] = {}
    for kind, lines in _TABLE.items():
        for line in lines.split("\n"):
            symbol, size, *others = line.split() or ["", ""]
            if not symbol:
                continue
            unit = Unit(symbol.replace("_", " "), kind, Fraction(size))
            for name in (symbol, *others):
                plain = name.replace("_", " ")
                names[plain] = unit
                if plain.isascii() and len(plain) > 2:
                    names.setdefault(f"{plain}s", unit)
                    if plain.endswith(("s", "x", "z", "h")):
                        names.setdefault(f"{plain}es", unit)
    for unit, others in _TEMPERATURES:
        names |= {name: unit for name in (unit.symbol, *others.split())}
    return names


_NAMES = _named()
_FOLDED = {name.lower(): unit for name, unit in reversed(_NAMES.items())}
NAMES = sorted({*_NAMES, *_FOLDED}, key=len, reverse=True)
CURRENCIES = (
    r"(?:usd|eur|gbp|jpy|cny|rmb|dollars?|euros?|yen|yuan|pounds? sterling|rupees?|bitcoins?|btc|"
    r"美元|欧元|日元|人民币|英镑|港币)"
)


_PER = lazy_pattern(r"\s*/\s*|\s+per\s+(?:an?\s+)?|\s*每\s*")
_COUNTERPARTS = {
    "km": "mi", "m": "ft", "cm": "in", "kg": "lb", "g": "oz", "°C": "°F", "l": "gal", "km/h": "mph", "ha": "acre",
    "m²": "ft²", "km²": "mi²", "ml": "fl oz", "bar": "psi", "kW": "hp", "kJ": "kcal", "l/100km": "mpg",
}  # fmt: skip
_ELSEWHERE = {
    "cup": "ml", "tbsp": "ml", "tsp": "ml", "pt": "ml", "qt": "l", "st": "kg", "yd": "m", "kPa": "psi", "K": "°C",
    "nmi": "km", "mm": "in", "t": "lb", "m/s": "km/h", "cal": "J", "kWh": "kJ", "jin": "kg",
    "TB": "GB", "GB": "MB", "MB": "kB", "GiB": "GB", "MiB": "MB", "PB": "TB", "kB": "B", "KiB": "B", "TiB": "TB",
    "li": "km", "zhang": "m", "chi": "m", "cun": "cm", "liang": "g", "mu": "m²",
    "坪": "m²", "catty": "kg", "bbl": "l", "thou": "mm", "inHg": "hPa", "torr": "hPa",
    "chain": "m", "rod": "m", "hand": "cm", "cord": "m³", "board foot": "m³", "quintal": "kg", "dan": "kg",
    "顷": "ha", "公亩": "m²", "gpm": "l/min", "cfm": "m³/h", "lb·ft": "Nm", "Nm": "lb·ft", "metric hp": "kW",
    "carat": "g", "ly": "km", "dm": "cm",
    "imperial mpg": "l/100km", "km/l": "l/100km", "kn": "km/h", "ft/s": "m/s", "mi²": "km²", "yd²": "m²", "in²": "cm²",
    "cm²": "in²", "m³": "ft³", "ft³": "m³", "cm³": "in³", "in³": "cm³", "yd³": "m³", "cl": "ml", "dl": "ml", "hl": "l",
    "imperial gal": "l", "imperial pt": "ml", "imperial fl oz": "ml", "imperial qt": "l", "furlong": "m", "fathom": "m",
    "atm": "bar", "mbar": "hPa", "hPa": "mbar", "mmHg": "kPa", "Pa": "hPa", "MPa": "bar", "BTU": "kJ", "J": "cal",
    "W": "hp", "MW": "kW", "lbf": "N", "N": "lbf", "mg": "g", "µg": "mg", "ng": "µg", "µl": "ml",
    "Mbit/s": "MB/s", "Mbit": "MB", "Gbit": "GB",
}  # fmt: skip


_IMPERIAL = frozenset(
    ("mi", "yd", "ft", "in", "furlong", "thou", "chain", "rod", "nmi", "kn", "fathom", "acre", "mph", "mpg", "lb", "oz",
    "st", "psi", "inHg", "hp", "lbf", "gal", "qt", "pt", "cup", "fl oz", "tbsp", "tsp", "cord", "board foot", "gpm",
    "cfm", "lb·ft", "BTU", "°F")
)  # fmt: skip
_NEUTRAL = frozenset(["time", "data", "data/time", "frequency"])


def is_imperial(unit: Unit) -> bool | None:
    """Whether it is of the British and American units; None for those that both have."""
    if unit.kind in _NEUTRAL:
        return None
    return unit.symbol.removeprefix("imperial ").partition("/")[0].rstrip("²³") in _IMPERIAL


_defined: "ContextVar[Mapping[str, Unit]]" = ContextVar("defined", default={})  # noqa: B039 - never changed


@contextmanager
def with_definitions(definitions: "Mapping[str, Unit]") -> "Generator[None]":
    """Inside, the names of these units, by their usual symbols, mean what is laid down for them."""
    token = _defined.set(definitions)
    try:
        yield
    finally:
        _defined.reset(token)


def unit_named(name: str) -> Unit | None:
    """The unit of this name or symbol; capitals count where they make a difference (Mbit, MB, mb).

    A quotient such as `kg/m3` or `pounds per cubic foot` is a unit too.
    """
    plain = " ".join(name.replace(".", "").replace("-", " ").split())
    if found := _NAMES.get(plain) or _FOLDED.get(plain.lower()):
        return _defined.get().get(found.symbol, found)
    above, *below = _PER.split(plain)
    parts = [unit_named(part) for part in (above, *below)] if len(below) == 1 else []
    upper, lower = parts if len(parts) == 2 else (None, None)
    if upper is None or lower is None or upper.offset or lower.offset:
        return None
    return Unit(f"{upper.symbol}/{lower.symbol}", f"{upper.kind}/{lower.kind}", upper.size / lower.size)


def counterpart(unit: Unit) -> Unit | None:
    """The unit that people elsewhere use for the same: miles for kilometres and kilometres for miles."""
    swapped = {second: first for first, second in _COUNTERPARTS.items()}
    name = _COUNTERPARTS.get(unit.symbol) or swapped.get(unit.symbol) or _ELSEWHERE.get(unit.symbol)
    return unit_named(name) if name else None


def in_parts(amount: Fraction, unit: Unit) -> tuple[int, Fraction, Unit, Unit] | None:
    """Feet and inches, stones and pounds: how people say a height or a weight. None for other units."""
    names = {"in": ("ft", "in"), "ft": ("ft", "in"), "st": ("st", "lb")}.get(unit.symbol)
    large, small = (_NAMES[name] for name in names) if names else (unit, unit)
    if names is None or amount * unit.size < large.size:
        return None
    whole = int(amount * unit.size / large.size)
    return whole, (amount * unit.size - whole * large.size) / small.size, large, small


def comparable(first: Unit, second: Unit) -> bool:
    """Whether one can be converted into the other: of one kind, or of inverse kinds as `mpg` and `l/100km`."""
    return first.kind == second.kind or _inverse(first, second)


def _inverse(first: Unit, second: Unit) -> bool:
    return "/".join(reversed(second.kind.split("/"))) == first.kind


def converted(amount: Fraction, source: Unit, target: Unit) -> Fraction:
    """`amount` of `source` in `target`, which is comparable. Raises ZeroDivisionError for nothing per something."""
    measured = amount * source.size + source.offset
    if source.kind != target.kind:
        measured = 1 / measured
    return (measured - target.offset) / target.size


def is_decimal_data(source: Unit, target: Unit) -> bool:
    return (
        source.kind == "data"
        and not ({"bit", "B"} >= {source.symbol, target.symbol})
        and "i" not in source.symbol.replace("bit", "") + target.symbol.replace("bit", "")
    )
