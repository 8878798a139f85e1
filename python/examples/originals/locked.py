# Several processes add to the same elements: without the lock sums get lost.
import multiprocessing as mp
import numpy as np


def add(shared, rounds):
    view = np.frombuffer(shared.get_obj()).reshape(10, 10)
    for k in range(rounds):
        with shared.get_lock():
            view[...] = view + 1.0


if __name__ == "__main__":
    shared = mp.Array('d', 100, lock=True)
    workers = [mp.Process(target=add, args=(shared, 1000)) for k in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    total = np.frombuffer(shared.get_obj()).reshape(10, 10)
    print(total.min(), total.max())
