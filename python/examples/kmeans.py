# k-means on a CSV file: each rank has its rows. mpirun -n 4 python3 kmeans.py points.csv
import sys

import nodespan as ns
import numpy as np

team = ns.Team()
points = team.open_csv(sys.argv[1])
centres = points[:3]
mine = points.local
for step in range(10):
    label = ((mine[:, None, :] - centres) ** 2).sum(axis=2).argmin(axis=1)
    sums = team.all_reduce(np.array([mine[label == k].sum(axis=0) for k in range(3)]))
    counts = team.all_reduce(np.bincount(label, minlength=3))
    centres = sums / np.maximum(counts, 1)[:, None]
if team.rank == 0:
    print(np.round(centres, 3))
