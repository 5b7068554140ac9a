"""The Methods text: every placeholder means something, every method says what it did and cites."""

import re
import shutil
import subprocess
from dataclasses import replace

import pytest

from polylyte.core import discovery, methods
from polylyte.core.methods import describe, method
from polylyte.core.quantities import q
from polylyte.core.results import Result
from polylyte.report.methods_text import cited, methods_text
from polylyte.report.prose import fill, placeholders, unknown_placeholders


@pytest.mark.parametrize("id", discovery.names("method"))
def test_every_method_of_the_package_speaks_and_cites(id):
    found = methods.get(id)
    assert len(found.declared.prose.split()) >= 8, "one paragraph of prose"
    assert found.declared.prose.rstrip()[-1] in ".}", "prose is made of sentences"
    assert not unknown_placeholders(found)
    assert found.declared.cites, "a method names its sources"
    for citation in found.declared.cites:
        assert citation.key
        assert citation.authors
        assert citation.title
        assert citation.journal
        assert 1600 < citation.year < 2100
        assert not citation.doi or re.fullmatch(r"10\.\d{4,9}/\S+", citation.doi)


def test_a_misspelt_placeholder_is_found():
    @method("toy.misspelt", version=1, prose="Taken with {biass}, not {bias}.")
    def misspelt(*, bias: float = 1.0) -> Result:
        """Toy."""
        return Result()

    # In two parts: a name that the module spells as a string counts as known.
    assert unknown_placeholders(describe(misspelt)) == ["".join(("bi", "ass"))]


def test_names_of_text_and_more_count_where_the_module_spells_them(lookup):
    found = lookup("toy.conductivity")
    assert "circuit" in placeholders(found.declared.prose)
    assert not unknown_placeholders(found)


def test_numbers_come_from_result_parameters_and_defaults(run, lookup):
    text = fill(lookup("toy.conductivity"), run.steps[0].result)
    assert "with 10 mV" in text  # default
    assert "60(2) µm" in text  # parameter
    assert "R–CPE" in text  # word of the result
    assert "33.3(4) kJ mol⁻¹" in text  # quantity
    assert "pre-factor not determined" in text  # nobody knows


def test_files_and_steps_are_named(run, lookup):
    found = lookup("toy.conductivity")
    stored = run.steps[0].result
    other = replace(found, declared=replace(found.declared, prose="Read from {spectra}; {film}."))
    upstream = [{"name": "film", "step": "casting"}]
    stored = replace(stored, provenance={**stored.provenance, "upstream": upstream})
    assert fill(other, stored) == "Read from SL2_25C.DTA and SL2_35C.DTA; step casting."


def test_citations_are_numbered_where_the_prose_names_them(run, lookup):
    text = methods_text(run, lookup)
    assert [citation.key for citation in text.references] == ["Evans1987", "Wong2011"]
    markdown = text.markdown
    assert "60(2) µm [1] and fitted" in markdown
    assert "not determined [2]." in markdown  # cited, not named: at the end, before the stop
    assert "1. Evans, J.; Vincent, C. A.; Bruce, P. G. Electrochemical" in markdown
    assert "https://doi.org/10.1038/nmeth.1618" in markdown


def test_neighbouring_citations_become_one(run, lookup):
    found = lookup("toy.conductivity")
    prose = "It was so [Evans1987]."
    other = replace(found, declared=replace(found.declared, prose=prose))
    text = methods_text(replace(run, steps=run.steps[:1]), lambda id: other).markdown
    assert "It was so [1,2]." in text
    assert cited([1, 2, 4, 5, 6, 9]) == "[1,2,4–6,9]"


def test_only_steps_that_answered_speak(run, lookup):
    text = methods_text(run, lookup)
    assert [p.heading for p in text.paragraphs] == [
        "sigma", "sigma_virtual (virtual data)", "binding (simulated data)",
    ]  # fmt: skip


def test_equal_paragraphs_of_several_steps_become_one(run, lookup):
    again = replace(run, steps=[run.steps[0], replace(run.steps[0], name="tau")])
    assert [p.heading for p in methods_text(again, lookup).paragraphs] == ["sigma and tau"]


def test_a_method_that_is_gone_is_named(run, lookup):
    lost = replace(run, steps=[replace(run.steps[0], method="toy.gone")])
    assert methods_text(lost, lookup).missing == ("sigma",)


def test_replicates_say_how_they_were_averaged(run, lookup):
    step = run.steps[0]
    stored = replace(step.result, quantities={**step.result.quantities, "n": q("3")})
    mean = replace(step, name="mean", method="core.replicates", result=stored)
    text = methods_text(replace(run, steps=[mean]), lookup)
    assert not text.missing
    assert "**mean.** Values are means over 3 samples;" in text.markdown


def test_tex_and_bibtex(run, lookup):
    text = methods_text(run, lookup)
    assert r"60(2) $\mu$m~\cite{Evans1987} and fitted" in text.latex
    assert r"5 \% of \$100 \& more~\cite{Wong2011}." in text.latex
    assert r"\paragraph{sigma\_virtual (virtual data)}" in text.latex
    cited = set(re.findall(r"\\cite\{([^}]+)\}", text.latex))
    assert cited == set(re.findall(r"@article\{(\w+),", text.bibtex))


def test_tex_compiles(run, lookup, tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed")
    greek = q("1.0(1) ohm cm^2").given(note="x")
    step = run.steps[0]
    stored = replace(step.result, text={"circuit": "α–Ω ± √ {%$#_^~\\} Å ″ ≤ → ₂ ⁰·⁵ \" | <>"},
                     quantities={**step.result.quantities, "prefactor": greek})  # fmt: skip
    text = methods_text(replace(run, steps=[replace(step, result=stored)]), lookup).latex
    (tmp_path / "a.tex").write_text(
        "\\documentclass{article}\\begin{document}\n" + text + "\\end{document}\n", "utf-8"
    )
    made = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout.decode(errors="replace")[-2000:]
