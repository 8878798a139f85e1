# 30 models that are trained each for itself, with parameters averaged now and then.
# mpirun -n 4 python3 averaging.py
import nodespan as ns
import numpy as np

MODELS, SIZE, ROUNDS, STEPS = 30, 200, 5, 20

team = ns.Team()
parameters = team.zeros((MODELS, SIZE))
mine = range(*parameters.rank_box[0].indices(MODELS))
for k in range(ROUNDS):
    for model, w in zip(mine, parameters.local):
        rng = np.random.default_rng(model)
        x = rng.normal(size=(100, SIZE))
        y = x @ np.linspace(-1, 1, SIZE) + 0.1 * rng.normal(size=100)
        for step in range(STEPS):
            w -= 0.3 * x.T @ (x @ w - y) / len(y)
    parameters.local[...] = parameters.mean(axis=0)
    error = np.abs(parameters.local - np.linspace(-1, 1, SIZE)).mean() if len(mine) else 0
    if team.rank == 0:
        print(f"round {k}: {error:.4f}", flush=True)
