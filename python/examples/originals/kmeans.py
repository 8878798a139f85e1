# k-means on a CSV file, its rows pickled to the processes of a Pool.
import sys
from multiprocessing import Pool
import numpy as np


def nearest(args):
    points, centres = args
    distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    label = distance.argmin(axis=1)
    sums = np.array([points[label == k].sum(axis=0) for k in range(len(centres))])
    counts = np.array([(label == k).sum() for k in range(len(centres))])
    return sums, counts


if __name__ == "__main__":
    points = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1, ndmin=2)
    centres = points[:3].copy()
    with Pool(processes=4) as pool:
        parts = np.array_split(points, 4)
        for step in range(10):
            found = pool.map(nearest, [(part, centres) for part in parts])
            sums = sum(one[0] for one in found)
            counts = sum(one[1] for one in found)
            centres = sums / np.maximum(counts, 1)[:, None]
    print(np.round(centres, 3))
