"""Units of measurement: names, what they measure, and their exact size."""

from fractions import Fraction
from typing import NamedTuple


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
        cm 0.01 centimeter centimetre 厘米 公分
        mm 0.001 millimeter millimetre 毫米
        µm 0.000001 micrometer micrometre micron um 微米
        nm 0.000000001 nanometer nanometre 纳米
        mi 1609.344 mile 英里 哩
        yd 0.9144 yard 码
        ft 0.3048 foot feet 英尺 呎
        in 0.0254 inch inches 英寸 吋
        nmi 1852 nautical_mile 海里
        li 500 里 华里
        ly 9460730472580800 light_year lightyear 光年
    """,
    "mass": """
        kg 1 kilogram kilo kgs 公斤 千克
        g 0.001 gram gramme 克
        mg 0.000001 milligram 毫克
        t 1000 tonne ton metric_ton 吨 公吨
        lb 0.45359237 pound lbs 磅
        oz 0.028349523125 ounce 盎司
        st 6.35029318 stone 英石
        jin 0.5 斤 市斤
        liang 0.05 两
    """,
    "volume": """
        l 1 liter litre 升 公升
        ml 0.001 milliliter millilitre cc 毫升
        m³ 1000 cubic_meter cubic_metre m3 立方米
        cm³ 0.001 cubic_centimeter cubic_centimetre cm3 立方厘米
        gal 3.785411784 gallon us_gallon 加仑
        qt 0.946352946 quart 夸脱
        pt 0.473176473 pint 品脱
        cup 0.2365882365 us_cup 杯
        fl_oz 0.0295735295625 fluid_ounce floz 液量盎司
        tbsp 0.01478676478125 tablespoon 汤匙
        tsp 0.00492892159375 teaspoon 茶匙
        imperial_gal 4.54609 imperial_gallon uk_gallon 英制加仑
    """,
    "area": """
        m² 1 square_meter square_metre m2 sqm sq_m 平方米 平米
        km² 1000000 square_kilometer square_kilometre km2 sq_km 平方公里 平方千米
        cm² 0.0001 square_centimeter square_centimetre cm2 sq_cm 平方厘米
        ha 10000 hectare 公顷
        acre 4046.8564224 acres 英亩
        ft² 0.09290304 square_foot square_feet sq_ft sqft ft2 平方英尺
        in² 0.00064516 square_inch square_inches sq_in in2 平方英寸
        mi² 2589988.110336 square_mile sq_mi mi2 平方英里
        mu 2000/3 亩
    """,
    "speed": """
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
        year 31557600 yr years 年
    """,
    "data": """
        B 1 byte 字节
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
        kbit 125 kilobit
        Mbit 125000 megabit
        Gbit 125000000 gigabit
    """,
    "energy": """
        J 1 joule 焦耳 焦
        kJ 1000 kilojoule 千焦
        cal 4.184 calorie 卡路里 卡
        kcal 4184 kilocalorie 千卡 大卡
        Wh 3600 watt_hour
        kWh 3600000 kilowatt_hour 千瓦时 度电
    """,
    "pressure": """
        Pa 1 pascal 帕 帕斯卡
        kPa 1000 kilopascal 千帕
        bar 100000 bars 巴
        atm 101325 atmosphere 标准大气压 大气压
        psi 6894.757293168 pounds_per_square_inch
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


def unit_named(name: str) -> Unit | None:
    """The unit of this name or symbol; capitals count where they make a difference (Mbit, MB, mb)."""
    plain = " ".join(name.replace(".", "").replace("-", " ").split())
    return _NAMES.get(plain) or _FOLDED.get(plain.lower())


def converted(amount: Fraction, source: Unit, target: Unit) -> Fraction:
    """`amount` of `source` in `target`; both of one kind."""
    return (amount * source.size + source.offset - target.offset) / target.size
