# The game of life on a torus: ghosts bring the neighbours' edges. mpirun -n 4 python3 life.py
import nodespan as ns
import numpy as np

SIZE, STEPS = 64, 50

team = ns.Team()
board = team.zeros((SIZE, SIZE), "uint8", ghosts=1, periodic=True)
board.local[...] = (np.random.default_rng(1).random((SIZE, SIZE)) < 0.3)[board.rank_box]

for k in range(STEPS):
    board.exchange_ghosts()
    wide = board.local_with_ghosts
    n, m = board.local.shape
    around = sum(wide[i:i + n, j:j + m] for i in range(3) for j in range(3)) - board.local
    alive = (around == 3) | ((board.local == 1) & (around == 2))
    board.fence()  # all have read what is written now
    board.local[...] = alive

living = board.sum()
if team.rank == 0:
    print(living)
