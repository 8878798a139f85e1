"""The table, and a picture of it."""


def spelled(seconds):
    """Such as 1.25 ms: three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def table(results):
    """Lines of text: one a row."""
    lines = [f"{'what':40} {'nodespan':>10}   {'peer':30} {'its time':>10}  {'ratio':>8}  {'range':>16}"]
    for row in results:
        wanted = f"  (wanted: {row['at_least']})" if row["at_least"] else ""
        between = f"{row['least_ratio']:.3g} to {row['greatest_ratio']:.3g}"
        lines.append(f"{row['what']:40} {spelled(row['nodespan_s']):>10}   {row['peer']:30} "
                     f"{spelled(row['peer_s']):>10}  {row['ratio']:>8.3g}  {between:>16}{wanted}")
    return lines


def picture(results):
    """The ratios as bars of an SVG picture, on a logarithmic scale."""
    from math import log10

    left, width, height = 430, 420, 26
    greatest = max(1.0, *(log10(max(row["ratio"], 1e-9)) for row in results))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}" '
             f'height="{height * (len(results) + 1) + 10}" font-family="sans-serif" font-size="13">',
             '<rect width="100%" height="100%" fill="white"/>',
             f'<text x="{left}" y="18">times as fast as the other way</text>']
    for place, row in enumerate(results):
        y = height * (place + 1)
        bar = max(1.0, width * log10(max(row["ratio"], 1.0)) / greatest)
        parts += [f'<text x="{left - 8}" y="{y + 17}" text-anchor="end">{row["what"]}: {row["peer"]}</text>',
                  f'<rect x="{left}" y="{y + 4}" width="{bar:.1f}" height="{height - 8}" fill="#4472a8"/>',
                  f'<text x="{left + bar + 6:.1f}" y="{y + 17}">{row["ratio"]:.3g}</text>']
    return "\n".join([*parts, "</svg>", ""])
