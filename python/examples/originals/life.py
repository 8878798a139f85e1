# The game of life on a torus: bands of rows in processes that send each other their edges.
import multiprocessing as mp
import numpy as np

SIZE, STEPS, WORKERS = 64, 50, 4


def step(board):
    around = sum(np.roll(board, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)) - board
    return ((around == 3) | ((board == 1) & (around == 2))).astype(np.uint8)


def band(rows, above, below, result):
    for k in range(STEPS):
        above.send(rows[0])
        below.send(rows[-1])
        first, last = above.recv(), below.recv()
        rows = step(np.vstack([first, rows, last]))[1:-1]
    result.put((mp.current_process().name, rows))


if __name__ == "__main__":
    board = (np.random.default_rng(1).random((SIZE, SIZE)) < 0.3).astype(np.uint8)
    pipes = [mp.Pipe() for k in range(WORKERS)]
    result = mp.Queue()
    workers = [mp.Process(target=band, name=str(k),
                          args=(rows, pipes[k][0], pipes[(k + 1) % WORKERS][1], result))
               for k, rows in enumerate(np.array_split(board, WORKERS))]
    for worker in workers:
        worker.start()
    bands = dict(result.get() for worker in workers)
    for worker in workers:
        worker.join()
    print(np.vstack([bands[str(k)] for k in range(WORKERS)]).sum())
