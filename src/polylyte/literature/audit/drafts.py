"""Consistent papers at random: the truth is drawn first, then rounded as it would be printed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from polylyte.materials import formulas

Path = tuple[Any, ...]
_BATCHES = {
    "Li7La3Zr2O12": {"Li2CO3": 3.5, "La2O3": 1.5, "ZrO2": 2.0},
    "LiCoO2": {"Li2CO3": 0.5, "Co3O4": 1 / 3},
    "LiNi0.8Co0.1Mn0.1O2": {"LiOH": 1.0, "NiO": 0.8, "CoO": 0.1, "MnO": 0.1},
}
_ELEMENTS = ("C", "O", "F", "Al", "S", "P", "N", "Si", "Cl", "Ti")
_MOLECULES = ("EC", "EMC", "FEC", "DMC", "DME", "SN")


@dataclass
class Relation:
    printed: Path
    inputs: list[Path]
    equation: Callable[..., float]
    slack: float = 0.0


@dataclass
class Draft:
    """A paper's content, and the relations that hold in it."""

    draw: random.Random
    content: dict[str, Any] = field(default_factory=dict)
    relations: list[Relation] = field(default_factory=list)

    def block(self, section: str, **raw: Any) -> tuple[str, int]:
        blocks = self.content.setdefault(section, [])
        blocks.append({"at": f"{section} {len(blocks) + 1}", **raw})
        return section, len(blocks) - 1

    def holds(
        self, printed: Path, inputs: Sequence[Path], equation: Callable[..., float],
        slack: float = 0.0,
    ) -> None:  # fmt: skip
        self.relations.append(Relation(printed, list(inputs), equation, slack))


def _digits(value: float, significant: int) -> str:
    """A number rounded to so many significant digits, written without an exponent."""
    if value == 0:
        return "0"
    exact = Decimal(repr(value))
    place = exact.adjusted() - significant + 1
    rounded = round(exact, -place)
    return f"{rounded:f}" if place < 0 else f"{rounded.quantize(Decimal(1)):f}"


def _decimals(value: float, places: int) -> str:
    return f"{value:.{places}f}"


def random_paper(seed: int) -> Draft:
    """A consistent paper, every number rounded as printed."""
    draft = Draft(random.Random(seed))
    for make in (
        _polymers, _totals, _composition, _retentions, _reduction, _decays, _cathode, _pouch,
        _elements, _batch, _box, _image, _symmetric, _balance,
    ):  # fmt: skip
        make(draft)
    return draft


def _polymers(d: Draft) -> None:
    r, rows = d.draw, d.draw.randint(3, 6)
    unit_mass, places = r.uniform(60, 400), r.randint(1, 2)
    chains = [r.uniform(2e4, 9e5) for _ in range(rows)]
    head, i = d.block("table", columns={
        "sample": [f"P{n}" for n in range(rows)],
        "repeat_unit_mass / g/mol": [_decimals(unit_mass, 2)] * rows,
        "molar_mass / g/mol": [_decimals(m, 0) for m in chains],
        "degree_of_polymerization": [_decimals(m / unit_mass, places) for m in chains],
    })  # fmt: skip
    at = (head, i, "columns")
    for n in range(rows):
        d.holds((*at, "degree_of_polymerization", n),
                [(*at, "molar_mass / g/mol", n), (*at, "repeat_unit_mass / g/mol", n)],
                lambda m, m0: m / m0)  # fmt: skip


def _totals(d: Draft) -> None:
    r, rows = d.draw, d.draw.randint(2, 8)
    places = r.randint(1, 2)
    parts = [r.uniform(1, 300) for _ in range(rows)]
    cells = [_decimals(p, places) for p in (*parts, sum(parts))]
    names = [*(f"part {n}" for n in range(rows)), "total"]
    head, i = d.block("table", columns={"component": names, "mass / mg": cells})
    at = (head, i, "columns", "mass / mg")
    d.holds((*at, rows), [(*at, n) for n in range(rows)], lambda *x: sum(x))


def _composition(d: Draft) -> None:
    r, count = d.draw, d.draw.randint(2, 5)
    raw = [r.uniform(1, 10) for _ in range(count)]
    parts = {f"c{n}": f"{100 * x / sum(raw):.1f} wt%" for n, x in enumerate(raw)}
    head, i = d.block("composition", of="mixture", parts=parts)
    d.holds((), [(head, i, "parts", name) for name in parts], lambda *x: sum(x))


def _retentions(d: Draft) -> None:
    for n in range(d.draw.randint(2, 4)):
        first, kept = d.draw.uniform(100, 220), d.draw.uniform(0.6, 0.99)
        head, i = d.block(
            "record", of=f"cell {n}", initial_capacity=f"{first:.1f} mAh/g",
            final_capacity=f"{first * kept:.1f} mAh/g", retention=f"{100 * kept:.1f} %",
        )  # fmt: skip
        at = (head, i)
        d.holds((*at, "retention"), [(*at, "final_capacity"), (*at, "initial_capacity")],
                lambda b, a: b / a)  # fmt: skip


def _reduction(d: Draft) -> None:
    before, share = d.draw.uniform(500, 20000), d.draw.uniform(0.1, 0.8)
    head, i = d.block("record", of="heat", before=f"{before:.1f} J/g",
                      after=f"{before * (1 - share):.1f} J/g",
                      reduction=f"{100 * share:.1f} %")  # fmt: skip
    d.holds((head, i, "reduction"), [(head, i, "after"), (head, i, "before")],
            lambda b, a: 1 - b / a)  # fmt: skip


def _decays(d: Draft) -> None:
    r, rows = d.draw, d.draw.randint(2, 5)
    cycles = [r.choice((100, 150, 200, 300, 500, 800, 1000)) for _ in range(rows)]
    kept = [r.uniform(0.6, 0.95) for _ in range(rows)]
    head, i = d.block("table", columns={
        "electrolyte": [f"E{n}" for n in range(rows)],
        "cycles": [str(n) for n in cycles],
        "retention / %": [_decimals(100 * k, 1) for k in kept],
        "decay / %": [_digits(100 * (1 - k) / n, 3) for k, n in zip(kept, cycles, strict=True)],
    })  # fmt: skip
    at = (head, i, "columns")
    for n in range(rows):
        d.holds((*at, "decay / %", n), [(*at, "retention / %", n), (*at, "cycles", n)],
                lambda k, n: (1 - k) / n)  # fmt: skip


def _cathode(d: Draft) -> None:
    r = d.draw
    load, share, capacity = r.uniform(5, 25), r.uniform(0.8, 0.98), r.uniform(150, 210)
    areal = load * share * capacity / 1000
    head, i = d.block(
        "record", of="cathode", coating_loading=f"{load:.1f} mg/cm^2",
        active_fraction=f"{100 * share:.1f} wt%", specific_capacity=f"{capacity:.0f} mAh/g",
        areal_capacity=f"{areal:.2f} mAh/cm^2",
    )  # fmt: skip
    names = ("coating_loading", "active_fraction", "specific_capacity")
    d.holds((head, i, "areal_capacity"), [(head, i, n) for n in names], lambda *x: math.prod(x))


def _pouch(d: Draft) -> None:
    r = d.draw
    masses = [r.uniform(15, 30), r.uniform(1, 4), r.uniform(1, 4), r.uniform(2, 6)]
    depths = [r.uniform(60, 120), r.uniform(8, 30), r.uniform(20, 60), r.uniform(6, 15)]
    areal, volts = r.uniform(2.5, 5), r.uniform(3.4, 3.9)
    mass, depth = sum(masses), sum(depths)
    layers = [
        {"of": f"layer {n}", "areal_mass": f"{m:.2f} mg/cm^2", "thickness": f"{t:.1f} um"}
        for n, (m, t) in enumerate(zip(masses, depths, strict=True))
    ]
    head, i = d.block(
        "stack", of="pouch", layers=layers, areal_capacity=f"{areal:.2f} mAh/cm^2",
        average_voltage=f"{volts:.3f} V", total_mass=f"{mass:.2f} mg/cm^2",
        total_thickness=f"{depth:.1f} um",
        specific_energy=f"{areal * volts / mass * 1e3:.1f} Wh/kg",
        energy_density=f"{areal * volts / depth * 1e4:.1f} Wh/L",
    )  # fmt: skip
    at = (head, i)
    for whole, part in (("total_mass", "areal_mass"), ("total_thickness", "thickness")):
        d.holds((*at, whole), [(*at, "layers", n, part) for n in range(4)], lambda *x: sum(x))
    for energy, over in (("specific_energy", "total_mass"), ("energy_density", "total_thickness")):
        d.holds((*at, energy), [(*at, n) for n in ("areal_capacity", "average_voltage", over)],
                lambda q, v, m: q * v / m)  # fmt: skip


def _elements(d: Draft) -> None:
    r = d.draw
    chosen = r.sample(_ELEMENTS, r.randint(3, 5))
    weights = [formulas.molar_mass(e) for e in chosen]
    raw = [r.uniform(0.05, 1) for _ in chosen]
    atoms = [100 * x / sum(raw) for x in raw]
    mass = [a * w for a, w in zip(atoms, weights, strict=True)]
    head, i = d.block("table", columns={
        "element": chosen,
        "weight_fraction / wt%": [_decimals(100 * m / sum(mass), 2) for m in mass],
        "atomic_fraction / at%": [_decimals(a, 2) for a in atoms],
    })  # fmt: skip
    at = (head, i, "columns")
    heavy = [(*at, "weight_fraction / wt%", n) for n in range(len(chosen))]
    for n in range(len(chosen)):

        def fraction(*w: float, n: int = n) -> float:
            return (w[n] / weights[n]) / sum(x / m for x, m in zip(w, weights, strict=True))

        d.holds((*at, "atomic_fraction / at%", n), heavy, fraction, 1e-4)
    d.holds((), heavy, lambda *x: sum(x))
    d.holds((), [(*at, "atomic_fraction / at%", n) for n in range(len(chosen))],
            lambda *x: sum(x))  # fmt: skip


def _batch(d: Draft) -> None:
    r = d.draw
    target, per = r.choice(list(_BATCHES.items()))
    scale = r.uniform(5, 40)
    amounts = {name: f"{_digits(scale * n, 4)} mmol" for name, n in per.items()}
    head, i = d.block("recipe", of="batch", amounts=amounts, gives=target)
    wanted = {e: n for e, n in formulas.elements(target).items() if e != "O"}
    base = [e for e in wanted if e != "Li"]
    contents = [formulas.elements(name) for name in per]

    for element in wanted:

        def atoms(*mol: float, element: str = element) -> float:
            count = {e: sum(m * c.get(e, 0.0) for m, c in zip(mol, contents, strict=True))
                     for e in wanted}  # fmt: skip
            return count[element] * sum(wanted[e] for e in base) / sum(count[e] for e in base)

        if element == "Li" or len(base) > 1:
            d.holds((), [(head, i, "amounts", name) for name in per], atoms)


def _box(d: Draft) -> None:
    r = d.draw
    names = r.sample(_MOLECULES, r.randint(1, 3))
    counts = {n: r.randint(50, 400) for n in names} | {"LiTFSI": r.randint(20, 80)}
    molecules = {"EC": "C3H4O3", "EMC": "C4H8O3", "FEC": "C3H3FO3", "DMC": "C3H6O3",
                 "DME": "C4H10O2", "SN": "C4H4N2", "LiTFSI": "C2F6LiNO4S2"}  # fmt: skip
    atoms = {n: sum(formulas.elements(molecules[n]).values()) for n in counts}
    density = r.uniform(1.1, 1.6)
    mass = sum(counts[n] * formulas.molar_mass(molecules[n]) for n in counts) / 6.02214076e23
    edge = (mass / (density * 1000)) ** (1 / 3) * 1e10
    head, i = d.block(
        "box", of="box", molecules=counts, edge=f"{edge:.1f} angstrom",
        density=f"{density:.3f} g/cm^3", atoms=int(sum(atoms[n] * counts[n] for n in counts)),
        total_molecules=sum(counts.values()),
    )  # fmt: skip
    paths = [(head, i, "molecules", n) for n in counts]
    d.holds((head, i, "total_molecules"), paths, lambda *x: sum(x))
    d.holds((head, i, "atoms"), paths,
            lambda *x: sum(a * n for a, n in zip(atoms.values(), x, strict=True)))  # fmt: skip
    masses = [formulas.molar_mass(molecules[n]) / 6.02214076e23 for n in counts]
    d.holds((head, i, "density"), [(head, i, "edge"), *paths],
            lambda e, *x: sum(m * n for m, n in zip(masses, x, strict=True)) / e**3,
            1e-4)  # fmt: skip


def _image(d: Draft) -> None:
    size, binning = d.draw.uniform(0.3, 2), d.draw.choice((2, 4))
    head, i = d.block("record", of="camera", pixel_size=f"{size:.2f} um", binning=str(binning),
                      spatial_resolution=f"{size * binning:.2f} um")  # fmt: skip
    d.holds((head, i, "spatial_resolution"), [(head, i, "pixel_size"), (head, i, "binning")],
            lambda p, n: p * n)  # fmt: skip


def _symmetric(d: Draft) -> None:
    current, hours = d.draw.uniform(0.1, 2), d.draw.uniform(0.5, 4)
    head, i = d.block("record", of="Li|Li", current_density=f"{current:.2f} mA/cm^2",
                      plated_capacity=f"{current * hours:.2f} mAh/cm^2",
                      step_time=f"{hours:.1f} h")  # fmt: skip
    d.holds((head, i, "step_time"), [(head, i, "plated_capacity"), (head, i, "current_density")],
            lambda q, j: q / j)  # fmt: skip


def _balance(d: Draft) -> None:
    cathode, ratio = d.draw.uniform(1, 5), d.draw.uniform(1.2, 5)
    head, i = d.block("record", of="cell balance", areal_capacity=f"{cathode:.2f} mAh/cm^2",
                      anode_areal_capacity=f"{cathode * ratio:.2f} mAh/cm^2",
                      np_ratio=f"{ratio:.2f}")  # fmt: skip
    d.holds((head, i, "np_ratio"), [(head, i, "anode_areal_capacity"), (head, i, "areal_capacity")],
            lambda n, p: n / p)  # fmt: skip
