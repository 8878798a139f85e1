# 30 models that are trained each for itself, with parameters averaged now and then: by a Pool that pickles.
from multiprocessing import Pool
import numpy as np

MODELS, SIZE, ROUNDS, STEPS = 30, 200, 5, 20


def data_of(model):
    rng = np.random.default_rng(model)
    x = rng.normal(size=(100, SIZE))
    return x, x @ np.linspace(-1, 1, SIZE) + 0.1 * rng.normal(size=100)


def train(args):
    model, w = args
    x, y = data_of(model)
    for step in range(STEPS):
        w = w - 0.3 * x.T @ (x @ w - y) / len(y)
    return w


if __name__ == "__main__":
    parameters = [np.zeros(SIZE)] * MODELS
    with Pool(processes=4) as pool:
        for k in range(ROUNDS):
            trained = pool.map(train, list(enumerate(parameters)))
            average = np.mean(trained, axis=0)
            parameters = [average] * MODELS
            error = np.abs(average - np.linspace(-1, 1, SIZE)).mean()
            print(f"round {k}: {error:.4f}", flush=True)
