# Blocks of an array, filled by whichever rank is free: mpirun -n 4 python3 populate.py
import nodespan as ns

team = ns.Team()
a = team.zeros((2000, 10))

for rows in team.share(range(2000), chunk=100):
    a[rows] = rows.start

if team.rank == 0:
    print(a[:])
