import itertools

from hypothesis import given
from hypothesis import strategies as st

from fusion.data.sampler import BudgetSampler

sizes = st.lists(st.integers(1, 50), min_size=1, max_size=60)


@given(sizes=sizes, patients=st.integers(1, 8), rows=st.integers(1, 80), seed=st.integers(0, 5))
def test_every_patient_once_and_within_the_budget(sizes, patients, rows, seed):
    batches = list(BudgetSampler(sizes=sizes, patients=patients, rows=rows, seed=seed))
    assert sorted(itertools.chain(*batches)) == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) <= patients
        assert len(batch) == 1 or sum(sizes[i] for i in batch) <= rows


def test_order_depends_on_seed_and_epoch_alone():
    a = BudgetSampler(sizes=[1] * 20, patients=3, rows=99, seed=0)
    b = BudgetSampler(sizes=[1] * 20, patients=3, rows=99, seed=0)
    a.set_epoch(4)
    for epoch in range(5):  # b has lived through the epochs before, a has not
        b.set_epoch(epoch)
        last = list(b)
    assert list(a) == last
    a.set_epoch(5)
    assert list(a) != last


@given(sizes=sizes, world=st.integers(1, 4))
def test_ranks_get_equally_many_batches_and_share_all_patients(sizes, world):
    parts = [
        list(BudgetSampler(sizes=sizes, patients=2, rows=60, seed=1, rank=r, world=world))
        for r in range(world)
    ]
    assert len({len(p) for p in parts}) == 1
    assert {i for part in parts for batch in part for i in batch} == set(range(len(sizes)))


def test_a_resumed_epoch_gives_the_batches_that_were_left():
    whole = BudgetSampler(sizes=[1] * 10, patients=2, rows=9, seed=3)
    rest = BudgetSampler(sizes=[1] * 10, patients=2, rows=9, seed=3)
    rest.skip = (2, 3)
    for epoch in (2, 3):
        whole.set_epoch(epoch)
        rest.set_epoch(epoch)
        assert list(rest) == list(whole)[3 if epoch == 2 else 0 :]
