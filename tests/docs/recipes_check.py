"""Runs the recipes on 1, 2 and 4 ranks, with simulated nodes too, and compares what they print with what serial code
computes here. Before that, the page must show the programs as they are.

    recipes_check.py SOURCE_TREE PROGRAMS LAUNCH SCRATCH
"""

import math
import os
import pathlib
import random
import shutil
import subprocess
import sys

SOURCES, PROGRAMS, LAUNCH, FOLDER = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3], pathlib.Path(sys.argv[4])
SHAPES = [(1, None), (2, 1), (4, None), (4, 3)]  # ranks, ranks of a node


def run(name, shape, *arguments):
    ranks, of_node = shape
    environment = dict(os.environ)
    if of_node:
        environment["NODESPAN_RANKS_PER_NODE"] = str(of_node)
    done = subprocess.run([LAUNCH, "-n", str(ranks), "--timeout", "110", PROGRAMS / f"recipe_{name}", *arguments],
                          cwd=FOLDER, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{name} on {shape}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


def histogram():
    counts = [0] * 10
    for i in range(100_000):
        counts[int(math.sin(i) ** 2 * 10)] += 1
    return "".join(f"from 0.{bin}: {count}\n" for bin, count in enumerate(counts))


def transpose():
    return f"turned(7, 250) = {1000 * 250 + 7}, turned(199, 1) = {1000 * 1 + 199}\n"


def product():
    n = range(240)
    a = [[i % 7 + k % 5 for k in n] for i in n]
    b = [[k % 3 - j % 4 for j in n] for k in n]
    rows_of_b = [sum(row) for row in b]
    total = sum(a[i][k] * rows_of_b[k] for i in n for k in n)
    first = sum(a[0][k] * b[k][0] for k in n)
    last = sum(a[239][k] * b[k][1] for k in n)
    return f"c(0, 0) = {first:g}, c(239, 1) = {last:g}\nall elements add up to {total}\n"


def kmeans(points, k):
    centres = [list(point) for point in points[:k]]
    while True:
        clusters = [[] for _ in range(k)]
        for point in points:
            distances = [sum((a - b) ** 2 for a, b in zip(centre, point)) for centre in centres]
            clusters[distances.index(min(distances))].append(point)
        means = [[math.fsum(axis) / len(cluster) for axis in zip(*cluster)] for cluster in clusters]
        if all(abs(a - b) <= 1e-9 for mean, centre in zip(means, centres) for a, b in zip(mean, centre)):
            return "".join(f"{x:.4f} {y:.4f}: {len(cluster)} points\n" for (x, y), cluster in zip(means, clusters))
        centres = means


def life(*generations):
    rows, columns = 200, 300
    alive = {(i, j) for i in range(rows) for j in range(columns) if (i * i + 3 * j + i * j) % 7 < 3}
    counts = {}
    for generation in range(max(generations)):
        neighbours = {}
        for i, j in alive:
            for down in (-1, 0, 1):
                for right in (-1, 0, 1):
                    if down or right:
                        place = ((i + down) % rows, (j + right) % columns)
                        neighbours[place] = neighbours.get(place, 0) + 1
        alive = {place for place, n in neighbours.items() if n == 3 or (n == 2 and place in alive)}
        counts[generation + 1] = len(alive)
    return {generation: counts[generation] for generation in generations}


def stragglers():
    def steps(n):
        count = 0
        while n != 1:
            n, count = n // 2 if n % 2 == 0 else 3 * n + 1, count + 1
        return count

    most, start = max((steps(n), -n) for n in range(1, 100_000))
    return f"{-start} takes {most} steps\n"


def table():
    half = math.exp(math.lgamma(10_001) - 2 * math.lgamma(5_001) - 10_000 * math.log(2))
    return f"{half:.6f} for half of them, 1.000000 for all numbers\n"


def pipeline():
    energies = []
    for number in range(40):
        signal = [math.sin(t * (number + 1) * 0.01) for t in range(2_000)]
        for t in range(1, len(signal)):
            signal[t] = (signal[t - 1] + signal[t]) / 2
        energies.append(math.fsum(x * x for x in signal))
    return f"energies {energies[0]:.6f} to {energies[39]:.6f}, together {math.fsum(energies):.6f}\n"


def require(name, shape, printed, expected):
    if printed != expected:
        sys.exit(f"{name} on {shape} printed\n{printed}and serial code\n{expected}")


def check_kmeans():
    random.seed(3)
    points = [(x + random.gauss(0, 1), y + random.gauss(0, 1))
              for _ in range(300) for x, y in ((0, 0), (10, 0), (0, 10), (9, 9))]
    (FOLDER / "points.csv").write_text("".join(f"{x!r},{y!r}\n" for x, y in points))
    expected = kmeans(points, 4)
    for shape in SHAPES:
        require("kmeans", shape, run("kmeans", shape, "points.csv", "4"), expected)


def check_life():
    if not (PROGRAMS / "recipe_life").exists():
        return
    expected = life(110, 130)
    for shape, other in zip(SHAPES, SHAPES[1:] + SHAPES[:1]):
        shutil.rmtree(FOLDER / "life", ignore_errors=True)
        require("life", shape, run("life", shape, "110"), f"from generation 0 to 110: {expected[110]} alive\n")
        require("life, resumed", other, run("life", other, "130"), f"from generation 100 to 130: {expected[130]} alive\n")


def check_page():
    page = (SOURCES / "docs" / "recipes.md").read_text()
    for program in sorted((SOURCES / "apps" / "examples" / "recipes").glob("*.cpp")):
        if f"```cpp\n{program.read_text()}```\n" not in page:
            sys.exit(f"docs/recipes.md does not show {program.name} as it is")


def main():
    check_page()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for recipe in (histogram, transpose, product, stragglers, table, pipeline):
        expected = recipe()
        for shape in SHAPES:
            require(recipe.__name__, shape, run(recipe.__name__, shape), expected)
    check_kmeans()
    check_life()


main()
