# A worker that fills a shared array on command, by numpy-sharedmem's idea with what Python 3 has.
import ctypes
import multiprocessing as mp
import numpy as np


def worker(q, raw):
    arr = np.frombuffer(raw, dtype=np.uint8)
    rng = np.random.RandomState(5)
    done = False
    while not done:
        cmd = q.get()
        if cmd == 'done':
            done = True
        elif cmd == 'data':
            # Fake data. In real life, get data from hardware.
            rnd = rng.randint(100)
            print('rnd={0}'.format(rnd), flush=True)
            arr[:] = rnd
        q.task_done()


if __name__ == '__main__':
    N = 10
    raw = mp.RawArray(ctypes.c_uint8, N)
    arr = np.frombuffer(raw, dtype=np.uint8)
    q = mp.JoinableQueue()
    proc = mp.Process(target=worker, args=[q, raw])
    proc.daemon = True
    proc.start()

    for i in range(3):
        q.put('data')
        # Wait for the computation to finish
        q.join()
        print(arr.shape)
        print(arr, flush=True)
    q.put('done')
    proc.join()
