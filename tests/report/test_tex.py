"""What TeX would read as its own is escaped; units and Greek are spelled for it."""

import string

import pytest

from polylyte.report.tex import tex


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("5 % of $3 & #1_a", r"5 \% of \$3 \& \#1\_a"),
        ("{x}^~\\", r"\{x\}\textasciicircum{}\textasciitilde{}\textbackslash{}"),
        ("1.03(4) mS cm⁻¹", "1.03(4) mS cm$^{-1}$"),
        ("2 × 10⁻⁷ Ω cm²", r"2 $\times$ 10$^{-7}$ $\Omega$ cm$^{2}$"),
        ("S⁰·⁵ a·b", r"S$^{0.5}$ a$\cdot$b"),
        ("Li⁺, H₂O", "Li$^{+}$, H$_{2}$O"),
        ("25 °C ± 1; −3 µm", r"25 $^{\circ}$C $\pm$ 1; $-$3 $\mu$m"),
        ("R–CPE", "R--CPE"),
    ],
)
def test_spelling(text, escaped):
    assert tex(text) == escaped


def test_nothing_of_ascii_stays_special():
    for sign in string.punctuation:
        made = tex(sign)
        assert made == sign or made.startswith("\\") or made == "''"
    assert not set(tex("".join("#$%&_{}~^<>|"))) & set("~^<>|")
