"""Groups, IJB and MegaFace as sections of a report; a section without figures is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from training.evaluation.groups import GroupRate
from training.evaluation.words import markdown_table
from training.plot_axis import in_short
from training.protocols.ijb import TemplateRates
from training.protocols.megaface import MegafaceRates

TOO_FEW = "too few"


def group_lines(groups: Mapping[str, Sequence[GroupRate]]) -> list[str]:
    """False match rates within groups, by network."""
    if not any(groups.values()):
        return []
    lines = ["## Groups", "", "FMR between strangers of one group at thresholds of the first set."]
    for network, rates in groups.items():
        lines += ["", f"### {network}", "", *group_table(rates)]
    return [*lines, ""]


def group_table(rates: Sequence[GroupRate]) -> list[str]:
    """One row a group, one column a false match rate aimed at, with 95 % intervals."""
    targets = sorted({rate.target_fmr for rate in rates}, reverse=True)
    heads = ("group", "crops", "pairs", *(f"at FMR {in_short(target)}" for target in targets))
    rows = []
    for name in dict.fromkeys(rate.group for rate in rates):
        own = {rate.target_fmr: rate for rate in rates if rate.group == name}
        first = next(iter(own.values()))
        cells = [_rate(own[target]) if target in own else TOO_FEW for target in targets]
        rows.append((name, f"{first.crops:,}", f"{first.pairs:,}", *cells))
    return markdown_table(heads, rows)


def template_lines(templates: Mapping[str, Mapping[str, TemplateRates]]) -> list[str]:
    """TAR of IJB's template comparisons, by network."""
    if not templates:
        return []
    fmrs = sorted({fmr for found in templates.values() for r in found.values() for fmr in r.tar})
    heads = ("network", "set", "mated", "non-mated", "left out", *map(in_short, fmrs))
    rows = [
        (
            network,
            name,
            f"{rates.mated:,}",
            f"{rates.non_mated:,}",
            f"{rates.left_out:,}",
            *(_share(rates.tar[fmr]) for fmr in fmrs),
        )
        for network, found in templates.items()
        for name, rates in found.items()
    ]
    words = (
        "Crop and mirror image added, times detector score, averaged by medium, added by template. "
        "TAR by FMR."
    )
    return ["## IJB, 1:1 templates", "", words, "", *markdown_table(heads, rows), ""]


def search_lines(searches: Mapping[str, MegafaceRates]) -> list[str]:
    """MegaFace's identification and verification, by network."""
    if not searches:
        return []
    counts = sorted({count for rates in searches.values() for count in rates.rank_1})
    heads = ("network", "searches", *(f"{count:,}" for count in counts), "TAR at FMR 1e-6")
    rows = [
        (
            network,
            f"{rates.searches:,}",
            *(_share(rates.rank_1.get(count)) for count in counts),
            _share(rates.tar),
        )
        for network, rates in searches.items()
    ]
    words = "Mirror image added. Share of searches that find the mate first, by distractors."
    return ["## MegaFace", "", words, "", *markdown_table(heads, rows), ""]


def json_form(rates: TemplateRates | MegafaceRates) -> dict[str, object]:
    """A record whose every key is text, as JSON wants it."""
    return {
        name: {in_short(key): share for key, share in value.items()}
        if isinstance(value, dict)
        else value
        for name, value in asdict(rates).items()
    }


def _rate(rate: GroupRate) -> str:
    return f"{rate.fmr.value:.1e} ({rate.fmr.low:.1e}–{rate.fmr.high:.1e})"


def _share(share: float | None) -> str:
    return TOO_FEW if share is None else f"{share:.2%}".replace("%", " %")
