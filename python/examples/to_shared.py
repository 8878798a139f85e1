# An ndarray's elements in shared memory, changed by another rank: mpirun -n 2 python3 to_shared.py
import nodespan as ns
import numpy as np

team = ns.Team()
sa = team.from_array(np.arange(12.0).reshape(3, 4) if team.rank == 0 else None)

if team.rank == team.size - 1:
    sa.node[...] *= 2
sa.fence()

if team.rank == 0:
    print(sa.node)
