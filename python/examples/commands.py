# A rank that fills a shared array on command: mpirun -n 2 python3 commands.py
import nodespan as ns
import numpy as np

team = ns.Team()
arr = team.zeros(10, dtype=np.uint8)
q = team.queue("U4")

if team.rank == 0:
    for i in range(3):
        q.put('data')
        q.join()  # Wait for the computation to finish
        print(arr.shape)
        print(arr.node, flush=True)
    q.close()
else:
    rng = np.random.RandomState(5)
    for cmd in q:
        # Fake data. In real life, get data from hardware.
        rnd = rng.randint(100)
        print('rnd={0}'.format(rnd), flush=True)
        arr.node[:] = rnd
        q.task_done()
