import threading

import numpy as np
import pytest

import nodespan as ns


@pytest.fixture
def neighbours(team):
    """The ranks of this node."""
    with team.node_team() as ranks:
        yield ranks


@pytest.mark.parametrize("chunk", [1, 7, 100, 1000])
def test_work_is_dealt_out_once(team, chunk):
    a = team.zeros((100, 2), "i8")
    for _ in range(3):
        for rows in team.share(range(100), chunk=chunk):
            a.add(rows, np.ones((min(rows.stop, 100) - rows.start, 2)))
    assert (a[...] == 3).all()


def test_items_are_dealt_out_too(team):
    names = [f"file{k}" for k in range(17)]
    done = team.zeros(17, "i8")
    for name in team.share(names):
        done.fetch_add(int(name[4:]), 1)
    assert (done[...] == 1).all()
    with pytest.raises(ValueError):
        team.share(range(3), chunk=0)


def test_a_loop_that_is_left_early_leaves_the_rest_to_others(team):
    taken = team.zeros(1, "i8")
    for _ in team.share(range(50)):
        taken.fetch_add(0, 1)
        if team.rank == 0:
            break
    assert taken[0] == 50 or team.size == 1
    taken.fence()
    for _ in team.share(range(50)):
        taken.fetch_add(0, 1)
    assert taken[0] == (100 if team.size > 1 else 51)


def test_a_queue_hands_each_item_to_one_rank(neighbours):
    queue = neighbours.queue("i8", capacity=4)
    seen = neighbours.zeros(20, "i8")
    if neighbours.rank == 0:
        feeder = range(20)
        if neighbours.size == 1:
            for item in feeder:
                queue.put(item)
                seen[queue.get()] = 1
                queue.task_done()
        else:
            for item in feeder:
                queue.put(item)
            queue.join()
        queue.close()
    for item in queue:
        seen.fetch_add(item, 1)
        queue.task_done()
    neighbours.fence()
    assert (seen[...] == 1).all()
    with pytest.raises(ns.Closed):
        queue.put(1)
    with pytest.raises(ns.Closed):
        queue.get()


def test_queues_have_texts_and_structs(neighbours):
    texts = neighbours.queue("U8")
    if neighbours.rank == 0:
        texts.put("data")
        with pytest.raises(ValueError, match="too long"):
            texts.put("much too long")
        assert texts.get() == "data"
        with pytest.raises(ns.Empty):
            texts.get_nowait()
    pairs = neighbours.queue([("a", "i4"), ("b", "f8")], capacity=1)
    if neighbours.rank == 0:
        pairs.put((1, 2.5))
        with pytest.raises(ns.Full):
            pairs.put_nowait((2, 2.5))
        assert pairs.get()["b"] == 2.5
        with pytest.raises(ValueError):
            pairs.task_done() or pairs.task_done()
    for wrong, kind in [("O", TypeError), ("U", TypeError), ("S2000", ValueError)]:
        with pytest.raises(kind):
            neighbours.queue(wrong)
    with pytest.raises(ValueError):
        neighbours.queue("i8", capacity=0)


def test_a_queue_is_of_one_node(team):
    if team.nodes > 1:
        with pytest.raises(ValueError):
            team.queue("i8")


def test_a_ring_brings_each_frame_to_all(neighbours):
    if neighbours.size == 1:
        with pytest.raises(ValueError):
            neighbours.ring((2, 3))
        return
    ring = neighbours.ring((2, 3), "i4", slots=2)
    if neighbours.rank == 0:
        for k in range(6):
            with ring.reserve() as frame:
                frame.array[...] = k
        ring.close()
        assert ring.published == 6
    else:
        sums = [int(frame.array.sum()) for frame in ring]
        assert sums == [6 * k for k in range(6)]
        assert ring.lost == 0 and ring.next() is None
        with pytest.raises(ValueError):
            ring.reserve()
    with pytest.raises(ValueError):
        neighbours.ring(3, delivery="to_some")
    with pytest.raises(TypeError):
        neighbours.ring(3, "O")


def test_frames_are_read_only_and_outlive_the_ring(neighbours):
    if neighbours.size == 1:
        return
    ring = neighbours.ring(4, slots=2)
    if neighbours.rank == 0:
        with ring.reserve() as frame:
            frame.array[...] = 7.0
        ring.close()
        kept = None
    else:
        frame = ring.next()
        kept = frame.array
        with pytest.raises(ValueError):
            kept[0] = 1
        del frame
    del ring
    neighbours.collect()
    neighbours.zeros(100)
    assert kept is None or kept.sum() == 28.0


def test_every_node_has_a_replica(team):
    table = team.replicated((4, 3), "f4")
    values = np.arange(12, dtype="f8").reshape(4, 3)
    table.load(values if team.rank == team.size - 1 else None, root=team.size - 1)
    assert (table.node == values).all() and not table.node.flags.writeable
    team.fence()  # all have read
    if team.rank == 0:
        table.edit()[0, 0] = 50
    table.publish(node=0)
    assert table.node[0, 0] == 50
    with pytest.raises(ValueError):
        table.load(np.zeros(3), root=0)
    with pytest.raises(IndexError):
        table.load(values, root=team.size)


def test_teams_split(team):
    with team.split(team.rank % 2, key=-team.rank) as half:
        a = half.zeros(half.size)
        a.local[...] = 1
        assert a.sum() == half.size == len(range(team.rank % 2, team.size, 2))
    assert half.closed
    with pytest.raises(ValueError, match="closed"):
        half.zeros(3)
    with pytest.raises(ValueError):
        team.split(-1)


def test_threads_use_views_but_not_calls(team):
    a = team.zeros(100 * team.size)
    failed = []

    def work():
        a.local[...] = 5.0
        try:
            team.fence()
        except RuntimeError as wrong:
            failed.append(str(wrong))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    a.fence()
    assert a.sum() == 500.0 * team.size
    assert len(failed) == 1 and "thread" in failed[0]


def test_other_threads_run_while_a_rank_waits(team):
    if team.size == 1:
        return
    ran = threading.Event()
    if team.rank == 0:
        threading.Thread(target=ran.set).start()
        team.fence()
        assert ran.wait(30)
    else:
        team.fence()
