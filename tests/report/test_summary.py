"""The table in the terminal."""

from dataclasses import replace

from polylyte.report.summary import aligned, summary_table


def test_table_of_a_run(run, lookup):
    text = summary_table(run, lookup=lookup)
    lines = text.splitlines()
    at = lines[0].index("published")
    row = next(line for line in lines if line.startswith("sigma.activation_energy"))
    assert row[at:].split() == ["30.1", "+7.5", "differs"]
    assert "33.3(4) kJ mol⁻¹" in row
    assert next(line for line in lines if line.startswith("binding")).endswith("simulated")
    assert "life: failed: internal error: ZeroDivisionError" in lines
    head, apart = text.split("recovered input (virtual)")
    assert "sigma_virtual.conductivity@25degC" not in head
    assert "recovered" in apart
    assert "1 agrees, 1 differs and 1 has no result" in text


def test_what_a_virtual_instrument_was_given_is_no_result(run, lookup):
    found = lookup("toy.energy")
    virtual = replace(found, declared=replace(found.declared, origin="virtual"))
    alone = replace(run, steps=[run.steps[2]], comparisons=[])
    assert "binding.binding_energy" in summary_table(alone, lookup=lookup)
    assert "binding.binding_energy" not in summary_table(alone, lookup=lambda id: virtual)


def test_a_run_without_results(make_run, lookup):
    text = summary_table(make_run(steps=[], comparisons=[]), lookup=lookup)
    assert text == "The study has no steps.\n"


def test_columns_are_as_wide_as_they_look():
    text = aligned([("a", "b"), ("σ⁻¹", "x"), ("中", "y")])
    assert text.splitlines() == ["a    b", "───  ─", "σ⁻¹  x", "中   y"]
