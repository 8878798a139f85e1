#!/usr/bin/env bash
# with_slurm.sh COMMAND...: runs COMMAND where there is a real Slurm with two nodes, h1 and h2, without
# systemd and beside whatever Slurm the machine may have. COMMAND runs on its login node, h0; `on h1 ...`
# runs something on a node, and `slurmd_up h1` starts a node's daemon that was killed.
# Processes, network, hostnames, /run and each node's /dev/shm are its own, in namespaces that end with
# this script, even if that is killed.
# Exit code 77 where that is not allowed; 1 if COMMAND failed, or left something in a /dev/shm.
set -euo pipefail
self=$(readlink -f "$0")
nodes=(h1 h2)
network=10.77.0

skip() { echo "skipped: $1"; exit 77; }

# Outside: makes the namespaces. Its death is the death of all that is in them.
if [ "${1:-}" != --inside ]; then
    [ "$(id -u)" = 0 ] || skip "needs root, to make namespaces"
    for tool in munged slurmctld slurmd sbatch scontrol ip nsenter unshare setpriv; do
        command -v "$tool" >/dev/null ||
            skip "needs $tool (packages slurmctld, slurmd, slurm-client, munge, iproute2, util-linux)"
    done
    unshare --net --uts --ipc --mount --pid --fork true 2>/dev/null || skip "namespaces are not allowed here"
    trap 'kill -KILL "$inside" 2>/dev/null || true' EXIT
    trap 'exit 1' INT TERM
    setpriv --pdeathsig KILL unshare --net --uts --ipc --mount --propagation private --pid --fork \
        --kill-child --mount-proc "$self" --inside "$@" &
    inside=$!
    status=0
    wait "$inside" || status=$?
    exit "$status"
fi
shift

# Inside: the login node, whose /run only this Slurm sees.
hostname h0
ip link set lo up
mount -t tmpfs tmpfs /run
mkdir -p /run/slurm/bin /run/slurm/state /run/munge /run/tmp
export SLURM_CONF=/run/slurm/slurm.conf TMPDIR=/run/tmp PATH=/run/slurm/bin:$PATH
{
    echo "127.0.0.1 localhost"
    echo "$network.10 h0"
    for i in "${!nodes[@]}"; do echo "$network.1$((i + 1)) ${nodes[i]}"; done
} >/run/slurm/hosts
mount --bind /run/slurm/hosts /etc/hosts

cat >/run/slurm/bin/on <<'TXT'
#!/bin/sh
node=$1
shift
exec nsenter -t "$(cat "/run/slurm/$node.pid")" -n -u -i -m --wd="$PWD" "$@"
TXT
cat >/run/slurm/bin/slurmd_up <<'TXT'
#!/bin/sh
exec on "$1" setsid slurmd -D -N "$1" </dev/null >>"/run/slurm/$1.out" 2>&1 &
TXT
chmod +x /run/slurm/bin/*

# Limits are short, for tests have little time, but for SlurmdTimeout: a busy machine is no lost node.
cat >"$SLURM_CONF" <<TXT
ClusterName=nodespan
SlurmctldHost=h0($network.10)
SlurmUser=root
AuthType=auth/munge
AuthInfo=cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerType=sched/builtin
SchedulerParameters=sched_interval=1,builtin_interval=1,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
KillWait=2
SlurmdTimeout=${SLURMD_TIMEOUT:-60}
StateSaveLocation=/run/slurm/state
SlurmdSpoolDir=/run/slurm/%n
TmpFS=/run/tmp
SlurmctldPidFile=/run/slurm/slurmctld.pid
SlurmdPidFile=/run/slurm/%n.slurmd.pid
SlurmctldLogFile=/run/slurm/slurmctld.log
SlurmdLogFile=/run/slurm/%n.log
$(for i in "${!nodes[@]}"; do
    echo "NodeName=${nodes[i]} NodeAddr=$network.1$((i + 1)) CPUs=2 RealMemory=4000"
done)
PartitionName=main Nodes=ALL Default=YES State=UP
TXT
echo "CgroupPlugin=cgroup/v1" >/run/slurm/cgroup.conf # no detection: that needs systemd

head -c 128 /dev/urandom >/run/munge/key
chmod 700 /run/munge
chmod 600 /run/munge/key
munged --force --key-file=/run/munge/key --socket=/run/munge/munge.socket.2 \
    --pid-file=/run/munge/pid --log-file=/run/munge/log --seed-file=/run/munge/seed

ip link add bridge type bridge || skip "no bridges here"
ip addr add "$network.10/24" dev bridge
ip link set bridge up
for i in "${!nodes[@]}"; do
    name=${nodes[i]}
    mkdir -p "/run/slurm/$name"
    unshare --net --uts --ipc --mount --propagation private bash -ec '
        hostname "$1"
        mount -t tmpfs -o size=1g,mode=1777 tmpfs /dev/shm
        mount -t tmpfs -o mode=1777 tmpfs /run/tmp
        ip link set lo up
        echo $$ >"/run/slurm/$1.new" && mv "/run/slurm/$1.new" "/run/slurm/$1.pid"
        exec sleep infinity' - "$name" </dev/null >/dev/null 2>&1 &
    for _ in $(seq 200); do [ -s "/run/slurm/$name.pid" ] && break || sleep 0.05; done
    [ -s "/run/slurm/$name.pid" ] || skip "node $name did not come up"
    ip link add "veth$i" type veth peer name eth0 netns "$(cat "/run/slurm/$name.pid")"
    ip link set "veth$i" master bridge up
    on "$name" ip addr add "$network.1$((i + 1))/24" dev eth0
    on "$name" ip link set eth0 up
done
setsid slurmctld -D -i </dev/null >/run/slurm/slurmctld.out 2>&1 &
for name in "${nodes[@]}"; do slurmd_up "$name"; done

idle() { timeout 5 sinfo -h -N -o %t 2>/dev/null | grep -cx idle; }
for _ in $(seq 150); do
    [ "$(idle)" != ${#nodes[@]} ] || break
    sleep 0.2
done
if [ "$(idle)" != ${#nodes[@]} ]; then
    echo "Slurm did not come up:"
    tail -n 20 /run/slurm/*.out /run/slurm/*.log
    exit 1
fi

status=0
"$@" || status=$?
[ "$status" = 0 ] || tail -n 30 /run/slurm/*.log
for name in "${nodes[@]}"; do
    left=$(on "$name" find /dev/shm -mindepth 1 | head -3)
    [ -z "$left" ] || { echo "left in /dev/shm of $name: $left"; status=1; }
done
exit "$status"
