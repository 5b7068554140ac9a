"""Where results stand. Numbers: the design page and the seeds' tables, named at each test."""

import pytest

from polylyte.core.errors import InputError, NotAnswerable
from polylyte.core.quantities import q
from polylyte.literature.compare import compare
from polylyte.literature.views import VIEWS
from polylyte.report.plotly_spec import plotly


def rows(result):
    return {row["row"]: row for row in result.entries.frame.to_dicts()}


def counts(result, *names):
    return [result[name].value for name in names]


def said(result):
    return " | ".join(finding.text for finding in result.findings)


@pytest.fixture(scope="module")
def whole():
    """All cycling results in their default strata."""
    return compare(view="retention_vs_cycles")


class TestRetention:
    def test_how_little_can_be_compared(self, whole):
        """99 results with a retention, 16 from 3 mAh/cm², 23 with a temperature, none with all."""
        found = counts(
            whole, "results", "practical_areal_capacity", "temperature_stated", "all_conditions"
        )
        assert found == [99, 16, 23, 0]
        # Two are reported twice (C-cell-042 and D-cell-039); no row states more than seven.
        assert counts(whole, "distinct", "most_conditions") == [97, 7]

    def test_completeness_by_condition(self, whole):
        table = whole.completeness.frame
        stated = dict(zip(table["condition"], table["stated"], strict=True))
        assert stated["temperature"] == 23
        assert stated["retention"] == stated["cycles"] == 99
        assert set(table["of"]) == {99}
        assert stated["E/C"] < stated["N/P"] < 30

    def test_a_rate_retention_is_no_cycling_result(self, whole):
        # C Fig S21 prints 87.9 and 85.0 %: 1 C over 0.1 C.
        assert not {"C-cell-044", "C-cell-045"} & set(rows(whole))

    def test_the_same_result_counts_once(self, whole):
        row = rows(whole)["C-cell-042"]
        assert row["rank"] is None
        assert row["not_ranked_because"] == "the same result as C-cell-032"

    def test_a_cell_that_died_is_no_unknown_retention(self, whole):
        row = rows(whole)["C-cell-048"]
        assert row["rank"] is None
        assert row["not_ranked_because"] == "capacity failure at 50th cycle"

    def test_a_retention_that_is_not_printed_may_be_anything(self, whole):
        # C Table S1 row 13: 120 cycles at 2 mAh/cm², no retention.
        row = rows(whole)["C-cell-013"]
        assert row["rank"] == f"1–{row['of']}"
        assert row["y"] is None

    def test_strata_name_cathode_and_areal_capacity(self, whole):
        row = rows(whole)["C-cell-001"]
        assert row["stratum"] == "LiNi0.8Co0.1Mn0.1O2 · ≥ 3 mAh cm⁻² · capacity"

    def test_what_lacks_a_condition_is_in_no_stratum(self, whole):
        # D 3.1.1: P(AN + OFHDODA + PEGDA) with LCO, no areal capacity.
        row = rows(whole)["D-cell-029"]
        assert (row["stratum"], row["rank"]) == (None, None)
        assert row["not_ranked_because"] == "areal capacity: not stated"
        ranked = sum(r["stratum"] is not None for r in rows(whole).values())
        assert whole["ranked"].value == ranked == 76

    def test_what_strata_leave_open_is_told(self, whole):
        text = said(whole)
        assert "cut-off (not stated in 12)" in text
        assert "N/P" in text
        assert "E/C (not stated in 80)" in text
        assert "39 results is loading times a specific capacity" in text

    def test_seed_a_by_linear_fade(self):
        """A Table S2: in situ-SL2 .00415 < PDOL/LiNO3-TEGDN .0053 < PEGDME-PMMA .0070 %/cycle."""
        first = ["A-cell-015", "A-cell-014", "A-cell-007"]
        result = compare(within={"source": "A"}, by=["source"], rows=first)
        fades = [result[f"fade@{id}"] for id in first]
        assert [f.value for f in fades] == pytest.approx([0.00415, 0.0053, 0.0070])
        assert {f.unit for f in fades} == {"%/cycle"}
        table = rows(result)
        assert [table[id]["rank"] for id in first] == ["1", "2", "3"]
        assert [table[id]["of"] for id in first] == [15, 15, 15]

    def test_energy_and_capacity_retention_are_two_quantities(self):
        # D 4.1: GMFN retains 92.83 % of its energy.
        result = compare(by=["source"])
        strata = {row["stratum"] for row in rows(result).values() if row["row"] == "D-cell-048"}
        assert strata == {"D · energy"}

    def test_printed_and_recomputed(self):
        # C Fig S26: 169.8/175.2 = 96.92, printed 96.9; 177.1/202.9 = 87.28, printed 87.2.
        result = compare(rows=["C-cell-049", "C-cell-051"])
        assert result["recomputed@C-cell-049"].value == pytest.approx(96.92, abs=0.005)
        assert result["recomputed@C-cell-051"].value == pytest.approx(87.28, abs=0.005)
        assert rows(result)["C-cell-051"]["recomputed"] == "177.1/202.9 = 87.28 %"
        assert rows(result)["C-cell-051"]["errata"] == "C-E11"


class TestConditions:
    def test_within_keeps_those_known_to_meet_it(self):
        result = compare(within={"areal_capacity": ">= 3 mAh/cm^2"}, by=["cathode"])
        assert result["results"].value == 16
        # D-cell-021 and others state no areal capacity: neither in nor out.
        unsure = rows(result)["D-cell-021"]
        assert unsure["asked_for"] is False
        assert "do not state what was asked for" in said(result)

    def test_a_volume_per_charge_is_never_turned_into_a_mass(self):
        """C Table S1 rows 7 and 21 print E/C in mL/Ah."""
        grams = compare(within={"ec_ratio": "<= 10 g/Ah"}, by=["cathode"])
        volume = rows(grams)["C-cell-021"]
        assert volume["rank"] is None
        assert "given in mL Ah-1, and no density to convert it" in volume["not_ranked_because"]
        assert rows(grams)["C-cell-008"]["rank"] is not None
        strata = compare(by=["cathode", "ec_ratio"])
        assert rows(strata)["C-cell-021"]["stratum"] == "NCMA · E/C in mL Ah⁻¹ · capacity"

    def test_np_and_ec_are_never_filled_in(self):
        result = compare(by=["np_ratio"])
        # A Table S2 prints no N/P; C-E12: 0.44 and 0.39 with lithium mean something else.
        table = rows(result)
        assert table["A-cell-001"]["not_ranked_because"] == "N/P: not stated"
        for id in ("C-cell-011", "C-cell-017"):
            assert "below 1 with a lithium anode" in table[id]["not_ranked_because"]
        assert table["C-cell-001"]["stratum"] == "N/P ≤ 3 · capacity"

    def test_nothing_there_is_not_answerable(self):
        with pytest.raises(NotAnswerable, match=r"known to have areal_capacity = > 20 mAh/cm\^2"):
            compare(within={"areal_capacity": "> 20 mAh/cm^2"})
        with pytest.raises(NotAnswerable, match="not one of"):
            compare(by=["criterion"])

    @pytest.mark.parametrize(
        ("within", "text"),
        [
            (
                {"areal_cap": "3 mAh/cm^2"},
                "no condition 'areal_cap'; did you mean 'areal_c",
            ),
            ({"areal_capacity": "3"}, r"within.areal_capacity: '3' has no unit"),
            ({"areal_capacity": "3 V"}, "'3 V' does not fit; give it in mAh"),
            ({"temperature": "warm"}, "'warm' is not a number"),
            ({"areal_capacity": "3,5 mAh/cm^2"}, "decimal comma"),
        ],
    )
    def test_conditions_are_checked(self, within, text):
        with pytest.raises(InputError, match=text):
            compare(within=within)

    def test_ranges_and_names_in_use(self):
        some = compare(within={"cathode": "NMC811", "cut_off": "4.3 to 4.4 V"}, by=["cathode"])
        assert {r["cathode"] for r in rows(some).values() if r["asked_for"]} == {
            "LiNi0.8Co0.1Mn0.1O2",
        }
        exact = compare(within={"temperature": "40 degC"}, by=["cathode"])
        assert [r["row"] for r in rows(exact).values() if r["asked_for"]] == ["A-cell-009"]

    def test_an_unknown_row_names_the_nearest(self):
        with pytest.raises(InputError, match="has no row 'A-cell-15'; did you mean 'A-cell-01"):
            compare(rows=["A-cell-15"])
        with pytest.raises(InputError, match="'colour' makes no stratum"):
            compare(by=["colour"])


class TestOwnResult:
    def test_rank_interval_and_uncertainty(self):
        result = compare(
            cathode="NCM811",
            areal_capacity=q("3.2 mAh/cm^2"),
            cycles=q("150"),
            retention=q("85(1) %"),
        )
        merit = result["merit"].to("%/cycle")
        assert merit.value == pytest.approx(15 / 150)
        assert merit.std == pytest.approx(1 / 150, rel=1e-3)
        assert result["rank_best"].value < result["rank_worst"].value
        assert result["compared_with"].value == 13
        assert result["results"].value == 99
        sharp = compare(
            cathode="NCM811",
            areal_capacity=q("3.2 mAh/cm^2"),
            cycles=q("150"),
            retention=q("85 %"),
        )
        assert sharp["rank_worst"].value <= result["rank_worst"].value
        assert rows(result)["own"]["electrolyte"] == "this work"

    def test_without_its_conditions_it_has_no_rank(self):
        result = compare(cycles=q("150"), retention=q("85 %"))
        assert result["rank_best"].value is None
        assert result["rank_best"].flags == ("cathode: not given; areal capacity: not given",)

    def test_alone_in_its_stratum(self):
        result = compare(
            cathode="LFP", areal_capacity=q("3.4 mAh/cm^2"), cycles=q("50"), retention=q("99 %")
        )
        assert result["rank_best"].value is None
        assert result["rank_best"].flags == ("nothing published in this stratum",)
        assert result["compared_with"].value == 0

    def test_half_a_result_and_a_foreign_one(self):
        with pytest.raises(InputError, match="retention without cycles is no result to compare"):
            compare(retention=q("85 %"))
        with pytest.raises(InputError, match="conductivity does not appear in the view retention"):
            compare(conductivity=q("1 mS/cm"))
        with pytest.raises(InputError, match="0 cycles"):
            compare(cycles=q("0"), retention=q("85 %"))

    def test_a_rate_retention_is_refused(self):
        with pytest.raises(NotAnswerable, match="no cycling result"):
            compare(cycles=q("150"), retention=q("85 %"), basis="rate")

    def test_a_percentage_is_no_capacity(self):
        """B-E04: Table S3 prints % for 0.01 mAh/g per cycle."""
        with pytest.raises(InputError, match="cannot be given in"):
            compare(view="decay_vs_life", cycles=q("500"), decay=q("0.04 %/cycle"))

    def test_ec_by_volume_is_ranked_by_volume_alone(self):
        result = compare(
            by=["ec_ratio"], ec_ratio=q("5 mL/Ah"), cycles=q("150"), retention=q("85 %")
        )
        own = rows(result)["own"]
        assert own["stratum"] == "E/C in mL Ah⁻¹ · capacity"
        # Six rows of C Table S1 print mL/Ah.
        assert own["of"] == 7
        with pytest.raises(InputError, match="is no E/C"):
            compare(ec_ratio=q("5 V"), cycles=q("150"), retention=q("85 %"))


class TestOtherViews:
    def test_decay_of_fig_s33(self):
        """B Fig S33, bars from 10.7 down to 1.78 at 500 to 1600 cycles: PLM is the last."""
        table = rows(compare(view="decay_vs_life"))
        assert table["B-cell-027"]["decay"] == pytest.approx(17.8)
        assert (table["B-cell-027"]["rank"], table["B-cell-027"]["of"]) == ("1", 10)
        assert table["B-cell-018"]["rank"] == "10"
        # Table S3 recomputed from retention and end capacity: 6.04, printed 6.0.
        assert table["B-cell-017"]["recomputed"] == "60.4 µAh g⁻¹ per cycle"
        assert table["B-cell-017"]["printed"].startswith("6 (printed unit: %)")

    def test_thickness(self):
        """B Table S2: at 25 °C PLM is the thinnest, FG-SPE has the thickest cathode."""
        result = compare(view="thickness_vs_areal_capacity")
        groups = {row["stratum"]: row for row in result.groups.frame.to_dicts()}
        assert groups["LiFePO4 · 20 to 30 °C"]["pareto_front"] in ("FG-SPE; PLM", "PLM; FG-SPE")
        row = rows(result)["B-cell-004"]
        # 0.58 mAh over 5 mg is 116 mAh/g.
        assert row["recomputed"] == "116 mAh g⁻¹ of active material"

    def test_conductivity(self):
        result = compare(view="conductivity_vs_transference")
        table = rows(result)
        # C Table S2 row 9: 7.6 mS/cm at room temperature is the highest of the ten.
        assert (table["C-tra-018"]["rank"], table["C-tra-018"]["of"]) == ("1", 10)
        # D prints 5.10 without a temperature: no rank.
        assert table["D-tra-008"]["not_ranked_because"] == "temperature: not stated"
        # The class statement "< 1 mS/cm" of D is no result.
        assert "D-tra-001" not in table
        both = [row for row in table.values() if row["x"] is not None and row["y"] is not None]
        assert {row["electrolyte"] for row in both} == {
            "3D-SIPE-LiFPA", "PMAm-SN", "PEGMEM+PEGDMA / LiTFSI, PC",
        }  # fmt: skip

    def test_conductivity_needs_temperature(self):
        with pytest.raises(NotAnswerable, match="without its temperature says nothing"):
            compare(view="conductivity_vs_transference", by=["source"])

    def test_runaway_is_never_ranked_across_criteria(self):
        """C Table S7: 0.48, 1, 10 and 60 °C/min, two makers of calorimeters (C-E24)."""
        table = rows(compare(view="thermal_runaway"))
        strata = {}
        for row in table.values():
            if row["stratum"]:
                strata.setdefault(row["stratum"], set()).add(row["criterion"])
        assert all(len(criteria) == 1 for criteria in strata.values())
        assert len({next(iter(c)) for c in strata.values()}) == 4
        assert table["C-saf-006"]["not_ranked_because"] == "runaway: no thermal runaway"
        # Fig S30 and S31: the polymer runs away later than the liquid, on both electrodes.
        assert table["C-saf-030"]["rank"] == table["C-saf-034"]["rank"] == "1"
        with pytest.raises(NotAnswerable, match=r"not comparable \(erratum C-E24\).*instrument"):
            compare(view="thermal_runaway", by=["criterion"])

    def test_a_runaway_without_criterion_is_refused(self):
        with pytest.raises(NotAnswerable, match="without its criterion cannot be compared"):
            compare(view="thermal_runaway", runaway_temperature=q("200 degC"))
        result = compare(
            view="thermal_runaway",
            runaway_temperature=q("200 degC"),
            onset_temperature=q("130 degC"),
            criterion="1 C min-1",
            instrument="ARC HEL",
            sample="full cell",
        )
        # 185, 190 and 210 °C are published there.
        assert counts(result, "rank_best", "rank_worst", "compared_with") == [2, 2, 3]

    def test_energy(self):
        """604 and 604.2 Wh/kg share the first rank: 604 may be up to 604.5."""
        result = compare(view="energy", rows=["B-cell-037"])
        table = rows(result)
        assert table["D-cell-047"]["rank"] == table["D-cell-048"]["rank"] == "1–2"
        # B Table S4: 344.02 Wh/kg and 773.06 Wh/L recomputed; a bare stack, so by itself.
        assert result["recomputed@B-cell-037"].value == 344.02
        assert table["B-cell-037"]["recomputed"] == "344.02 Wh kg⁻¹; 773.06 Wh L⁻¹; 2.25 kg/L"
        assert table["B-cell-037"]["of"] == 1
        # D1: 1027/604 is 1.70 kg/L.
        assert table["D-cell-047"]["recomputed"] == "1.70 kg/L"
        with pytest.raises(NotAnswerable, match="a stack without its package"):
            compare(view="energy", by=["cathode"])


@pytest.mark.parametrize("view", list(VIEWS))
def test_figures_show_printed_beside_recomputed(view):
    result = compare(view=view)
    figure, *alone, completeness = compare.__declared__.figure(result)
    assert figure.name == view
    assert [one.name for one in alone] in ([], [f"{view}_alone"])
    names = [name for panel in figure.panels for s in panel.series for name in s.names or ()]
    assert any("printed: " in name for name in names)
    assert plotly(figure)["data"]
    assert completeness.panels[0].series[0].style == "bars"
    assert figure.reading
    assert figure.caption


def test_bubbles_grow_with_the_areal_capacity_and_own_results_are_drawn():
    result = compare(
        cathode="LFP", areal_capacity=q("1.5 mAh/cm^2"), cycles=q("500"), retention=q("90 %")
    )
    assert result.text["standing"].startswith("; this work ranks ")
    figure, _ = compare.__declared__.figure(result)
    series = {s.label: s for s in figure.panels[0].series}
    ncm = series["NCM811"]
    known = [(size, name) for size, name in zip(ncm.sizes, ncm.names, strict=True) if size]
    # C-cell-019 has the largest cathode, 4.9 mAh/cm².
    assert max(known)[0] == pytest.approx(4.9)
    assert "1.2 M LiFSI in F5DEE" in max(known)[1]
    assert (list(series["this work"].x), list(series["this work"].y)) == ([500.0], [90.0])
    assert len(series["printed with ~, > or <"].x) == 6
    (trace,) = [t for t in plotly(figure)["data"] if t["name"] == "NCM811"]
    sizes = dict(zip(trace["text"], trace["marker"]["size"], strict=True))
    largest = max(sizes, key=lambda text: sizes[text])
    # The area is proportional: 3.7 of 4.9 mAh/cm² is .87 of the diameter, above a dot of 5.
    other = next(size for text, size in sizes.items() if text.startswith("3D-SIPE-LiFPA (C:self)"))
    assert other - 5 == pytest.approx((sizes[largest] - 5) * (3.7 / 4.9) ** 0.5, abs=0.1)
