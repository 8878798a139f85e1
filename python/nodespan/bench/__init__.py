"""What Python's ways to share arrays cost beside nodespan's: ``python3 -m nodespan.bench``.

One job of two ranks does both sides of each row, in turn, so that both see the same machine. Each figure
is the median over the rounds, and each ratio the median of the rounds' own ratios.
"""
