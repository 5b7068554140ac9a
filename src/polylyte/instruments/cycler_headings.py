"""What the columns of battery cyclers are called, in English and Chinese, and their units.

One vocabulary for Arbin, Maccor, Neware, LAND (LANHE, LANDT), Basytec, Novonix and tables like
theirs. A heading is a name and, behind a slash or in brackets, a unit: ``Current(mA)``,
``电压/V``, ``U[V]``, ``Test_Time(s)``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

_WORDS: Mapping[str, str] = {
    "time": "testtime totaltime cumulativetime runtime 测试时间 总时间 累计时间",
    "step_time": "steptime time relativetime tstep timeinstep statetime"
    " 步骤时间 工步时间 相对时间 步次时间 时间",
    "date": "datetime date realtime absolutetime systime dpttime timestamp dateandtime sysdate"
    " datetimeisostring 绝对时间 系统时间 日期时间 日期 实时时间",
    "current": "current cur i 电流",
    "potential": "voltage vol u potential cellvoltage ecell 电压",
    "cycle": "cycleindex cycleid cycle cyclenumber cyclec cyc cyccount cycleno cyclecount"
    " 循环号 循环序号 循环 循环数",
    "step": "stepindex stepid step stepnumber stepno procstep line"
    " 工步号 工步序号 工步 步次 步骤 步骤序号",
    "step_type": "steptype steptyp status state command md mode es stepname stepstatus"
    " 工步类型 工步名称 工步状态 状态 步骤类型 工作模式",
    "charge_capacity": "chargecapacity chargingcapacity chgcap chgcapacity capacitancechg"
    " chgah ahcharge 充电容量",
    "discharge_capacity": "dischargecapacity dischargingcapacity dchgcap dchgcapacity"
    " capacitancedchg dchgah disgcapacity disgcap 放电容量",
    "capacity": "capacity cap 容量",
    "charge": "ah",
    "charge_energy": "chargeenergy chargingenergy chgenergy chgeng engychg 充电能量",
    "discharge_energy": "dischargeenergy dischargingenergy dchgenergy dchgeng engydchg 放电能量",
    "energy": "energy engy ener wh 能量",
    "specific_capacity": "speccap specificcapacity specap capacitydensity 比容量",
    "specific_energy": "specenergy specificenergy cmpeng 比能量",
    "temperature": "temperature temp temp1 t1 auxtemperature1 celltemperature auxtemp 温度",
    "power": "power p pwr 功率",
    "internal_resistance": "internalresistance dcir acr rdc contactresistance ir 接触电阻 内阻"
    " 直流内阻",
    "point": "datapoint recordid recordindex recordnumber record rec dataset count recno"
    " 记录号 记录序号 数据序号 序号",
    "channel": "channelindex channelid channel 通道号",
}  # fmt: skip
_NAMES = {word: tidy for tidy, words in _WORDS.items() for word in words.split()}
_DIMENSION = {
    "time": "time", "step_time": "time", "current": "current", "potential": "voltage",
    "charge_capacity": "charge", "discharge_capacity": "charge", "capacity": "charge",
    "charge": "charge", "charge_energy": "energy", "discharge_energy": "energy",
    "energy": "energy", "temperature": "temperature", "power": "power",
    "internal_resistance": "resistance", "specific_capacity": "specific charge",
    "specific_energy": "specific energy",
}  # fmt: skip
_UNITS: Mapping[str, Mapping[str, float]] = {
    "time": {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "ms": 1e-3,
             "min": 60.0, "minutes": 60.0, "h": 3600.0, "hr": 3600.0, "hours": 3600.0,
             "hour": 3600.0},
    "current": {"a": 1.0, "ampere": 1.0, "ma": 1e-3, "ua": 1e-6, "µa": 1e-6, "na": 1e-9},
    "voltage": {"v": 1.0, "volt": 1.0, "mv": 1e-3, "uv": 1e-6, "µv": 1e-6},
    "charge": {"ah": 3600.0, "a.h": 3600.0, "mah": 3.6, "ma.h": 3.6, "uah": 3.6e-3, "µah": 3.6e-3,
               "c": 1.0},
    "energy": {"wh": 3600.0, "w.h": 3600.0, "mwh": 3.6, "mw.h": 3.6, "uwh": 3.6e-3, "j": 1.0},
    "temperature": {"c": 1.0, "°c": 1.0, "℃": 1.0, "degc": 1.0, "celsius": 1.0, "\ufffdc": 1.0,
                    "oc": 1.0, "¡æ": 1.0},
    "power": {"w": 1.0, "mw": 1e-3, "uw": 1e-6},
    "resistance": {"ohm": 1.0, "o": 1.0, "ω": 1.0, "mohm": 1e-3, "mo": 1e-3, "mω": 1e-3},
    "specific charge": {"mah/g": 1.0, "ah/kg": 1.0},
    "specific energy": {"mwh/g": 1.0, "wh/kg": 1.0},
}  # fmt: skip
SI = {
    "time": "s", "current": "A", "voltage": "V", "charge": "C", "energy": "J",
    "temperature": "degC", "power": "W", "resistance": "ohm", "specific charge": "mA*h/g",
    "specific energy": "mW*h/g",
}  # fmt: skip
_TIMED = {"test": "time", "step": "step_time"}
"""``Test(Sec)`` and ``Step(Sec)`` are times, ``Step`` alone is a number."""
_LONGEST = 80
_CLOCK = re.compile(r"(?:hours in )?(h|hh)\s*:\s*(m|mm|min)\s*:\s*s.*|d\s+h+:.*", re.IGNORECASE)
_WITH_UNIT = (
    re.compile(r"(.+?)\s*[(\[（]([^()\[\]（）]*)[)\]）]"),
    re.compile(r"(.+?)\s*/\s*(.+?)\.?"),
)
_SNAKE = re.compile(
    r"(.+)_(s|ms|h|v|mv|a|ma|ah|mah|wh|mwh|c|w|mw|degc|ohm|second|volt|ampere|celsius)",
    re.IGNORECASE,
)
_IN_WORDS: Mapping[str, tuple[str, float]] = {
    "amps": ("current", 1.0), "mamps": ("current", 1e-3), "volts": ("potential", 1.0),
    "amphr": ("capacity", 3600.0), "mamphr": ("capacity", 3.6), "watthr": ("energy", 3600.0),
    "mwatthr": ("energy", 3.6),
}  # fmt: skip
"""Maccor's headings that are the unit itself."""


@dataclass(frozen=True)
class Heading:
    """A column of a cycler: tidy name, unit, factor. ``stated``: whether the unit was written."""

    text: str
    name: str = ""
    unit: str = ""
    factor: float = 1.0
    clock: bool = False
    stated: bool = True

    @property
    def known(self) -> bool:
        """Whether the vocabulary has it."""
        return bool(self.name)


def heading(text: str) -> Heading:
    """A heading read by the vocabulary; one not known has no name."""
    clean = text.strip().strip('"~\ufeff').strip()
    if len(clean) > _LONGEST:
        return Heading(clean)
    if (said := _IN_WORDS.get(_plain(clean))) is not None:
        return Heading(clean, said[0], SI[_DIMENSION[said[0]]], said[1])
    for name, unit in _parts(clean):
        tidy = _NAMES.get(_plain(name))
        if unit.strip().lower() in _UNITS["time"] and _plain(name) in _TIMED:
            tidy = _TIMED[_plain(name)]
        if tidy is None:
            continue
        made = _with_unit(clean, tidy, unit)
        if made is not None:
            return made
    return Heading(clean)


def _parts(clean: str) -> list[tuple[str, str]]:
    """Ways to take name and unit apart, the surest first."""
    parts = [m.groups() for pattern in _WITH_UNIT if (m := pattern.fullmatch(clean))]
    if "/" in clean and (m := re.match(r"([^/(\[]+)/([^\[\]]+)$", clean)):
        parts.insert(0, (m[1], m[2].rstrip(".")))
    found = [(name, unit) for name, unit in parts]
    snake = _SNAKE.fullmatch(clean)
    if snake is not None:
        found.append((snake[1], snake[2]))
    return [*found, (clean, "")]


def _plain(name: str) -> str:
    return re.sub(r"[\s_.\-#:]", "", name).lower()


def _with_unit(text: str, tidy: str, unit: str) -> Heading | None:
    dimension = _DIMENSION.get(tidy)
    if dimension is None:
        return Heading(text, tidy)
    if dimension == "time" and _CLOCK.fullmatch(unit.strip()):
        return Heading(text, tidy, "s", clock=True)
    factors = _UNITS[dimension]
    key = unit.strip().lower().replace("μ", "µ").replace(" ", "")
    if key and key not in factors:
        return None
    # What cyclers mean where they write no unit: ampere, volt, second, ampere-hour, watt-hour.
    factor = factors[key] if key else {"charge": 3600.0, "energy": 3600.0}.get(dimension, 1.0)
    return Heading(text, tidy, SI[dimension], factor, stated=bool(key))


def headings(cells: Sequence[str]) -> list[Heading]:
    """All headings of a line.

    ``Time`` alone is the time in the step where another column is the test's, or where steps or
    cycles are numbered beside a date; otherwise it is the test's.
    """
    made = [heading(cell) for cell in cells]
    names = {h.name for h in made}
    if "time" not in names and "date" not in names:
        made = [replace(h, name="time") if _is_bare_time(h) else h for h in made]
    return made


def _is_bare_time(h: Heading) -> bool:
    return h.name == "step_time" and _plain(re.split(r"[\[(/（]", h.text)[0]) in ("time", "时间")


def is_cycler(made: Sequence[Heading]) -> bool:
    """Potential, current or capacity, and a time: all that a record of cycling needs."""
    names = {h.name for h in made}
    return (
        "potential" in names
        and bool(names & {"current", "capacity", "charge_capacity"})
        and bool(names & {"time", "step_time", "date"})
    )
