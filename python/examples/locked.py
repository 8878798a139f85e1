# Several ranks add to the same elements: without the lock sums get lost. mpirun -n 4 python3 locked.py
import nodespan as ns

team = ns.Team()
a = team.zeros((10, 10))

for k in range(1000):
    with a.lock(node=0):
        a[...] = a[...] + 1.0
a.fence()

least, most = a.min(), a.max()
if team.rank == 0:
    print(least, most)
