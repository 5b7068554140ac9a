"""Plain text for TeX: its own signs escaped, units and Greek letters spelled as it knows them."""

from __future__ import annotations

import re

_SIGNS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
}
_LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "ϕ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega", "\u2126": "Omega",
    "≤": "leq", "≥": "geq", "≈": "approx", "≠": "neq", "∝": "propto", "→": "rightarrow",
    "±": "pm", "×": "times", "·": "cdot", "∞": "infty", "∂": "partial", "√": "surd",
    "′": "prime", "∫": "int", "≪": "ll", "≫": "gg", "⇌": "rightleftharpoons", "∆": "Delta",
}  # fmt: skip
_OTHERS = {
    "−": "$-$",
    "–": "--",
    "—": "---",
    "°": r"$^{\circ}$",
    "Å": r"\AA{}",
    "\u212b": r"\AA{}",
    "…": r"\dots{}",
    "‘": "`",
    "’": "'",
    "“": "``",
    "”": "''",
    "″": r"$''$",
    "\u00a0": "~",
    "\u202f": r"\,",
    "\u2009": r"\,",
    "\u2011": "-",
}
_UP = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺·", "0123456789-+.", strict=True))
_DOWN = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋", "0123456789+-", strict=True))
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺](?:[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺·]*[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺])?")
_LOWERED = re.compile("[₀₁₂₃₄₅₆₇₈₉₊₋]+")
_RUN = re.compile(rf"(?P<up>{_RAISED.pattern})|(?P<down>{_LOWERED.pattern})|(?P<one>.)", re.DOTALL)


def tex(text: str) -> str:
    """``text`` so that TeX prints it as it reads.

    >>> print(tex("1.03(4) mS cm⁻¹ & 5 %"))
    1.03(4) mS cm$^{-1}$ \\& 5 \\%
    """
    return _RUN.sub(_spelled, text)


def _spelled(match: re.Match[str]) -> str:
    if match["up"]:
        return f"$^{{{''.join(_UP[c] for c in match['up'])}}}$"
    if match["down"]:
        return f"$_{{{''.join(_DOWN[c] for c in match['down'])}}}$"
    sign = match["one"]
    if sign in _LETTERS:
        return rf"$\{_LETTERS[sign]}$"
    return _SIGNS.get(sign) or _OTHERS.get(sign) or sign
