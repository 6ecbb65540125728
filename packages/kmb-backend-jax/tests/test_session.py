import signal
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from kmb_backend_jax.session import Session, StateInUseError
from kmb_core.backend import Variable

ADD = jax.jit(
    lambda state, batch: (state[0][0].sum(), tuple([v + batch for v in group] for group in state)), donate_argnums=0
)


def make_session(*values):
    variables = [Variable(value) for value in values]
    return variables, Session((variables, []))


def test_state_goes_from_step_to_step_and_back_when_it_is_read():
    (first, second), session = make_session([1.0], [2.0, 3.0])
    for _ in range(3):
        session.train(ADD, np.float32(1), donates=True)
    assert session.lent
    assert first.value.tolist() == [4.0]
    assert second.value.tolist() == [5.0, 6.0]
    assert not session.lent


def test_the_steps_own_result_is_returned():
    _, session = make_session([1.0, 2.0])
    assert float(session.train(ADD, np.float32(1), donates=True)) == 3.0
    assert float(session.train(ADD, np.float32(1), donates=True)) == 5.0


def test_state_is_donated_from_the_second_step_on():
    _, session = make_session([1.0])
    session.train(ADD, np.float32(1), donates=True)
    held = session.values[0][0]
    session.train(ADD, np.float32(1), donates=True)
    assert held.is_deleted()


def test_an_array_that_a_user_got_stays_valid():
    given = jnp.array([1.0])
    (variable,), session = make_session(given)
    assert variable.value is given  # nothing was copied when the variable was made
    session.train(ADD, np.float32(1), donates=True)
    got = variable.value
    session.train(ADD, np.float32(1), donates=True)
    session.train(ADD, np.float32(1), donates=True)
    assert given.tolist() == [1.0]
    assert got.tolist() == [2.0]
    assert variable.value.tolist() == [4.0]


def test_an_array_of_numpy_that_a_user_got_keeps_its_values():
    (variable,), session = make_session(np.zeros(4096, "float32"))
    session.train(ADD, np.float32(1), donates=True)
    got = variable.numpy()
    for _ in range(3):
        session.train(ADD, np.float32(1), donates=True)
    assert (got == 1).all()


def test_one_array_may_be_the_value_of_two_variables():
    shared = jnp.array([1.0])
    (first, second), session = make_session(shared, shared)
    session.train(ADD, np.float32(1), donates=True)
    session.train(ADD, np.float32(1), donates=True)
    assert (first.value.tolist(), second.value.tolist()) == ([3.0], [3.0])


def test_an_assignment_between_steps_counts():
    (variable,), session = make_session([1.0])
    session.train(ADD, np.float32(1), donates=True)
    mine = jnp.array([100.0])
    variable.assign(mine)
    session.train(ADD, np.float32(1), donates=True)
    assert variable.value.tolist() == [101.0]
    assert mine.tolist() == [100.0]


def test_a_step_that_fails_leaves_the_state_as_it_was():
    (variable,), session = make_session([1.0])
    session.train(ADD, np.float32(1), donates=True)
    with pytest.raises(TypeError):
        session.train(ADD, "no number", donates=True)
    assert variable.value.tolist() == [2.0]


def test_reading_inside_the_step_is_explained():
    (variable,), session = make_session([1.0])

    def step(state, batch):
        return variable.numpy(), state

    with pytest.raises(StateInUseError, match="read inside the step"):
        session.train(step, None, donates=False)
    assert variable.value.tolist() == [1.0]


def test_a_variable_moves_between_sessions_that_share_it():
    shared, own = Variable([0.0]), Variable([0.0])
    first, second = Session(([shared], [])), Session(([shared, own], []))
    for _ in range(3):
        first.train(ADD, np.float32(1), donates=True)
        second.train(ADD, np.float32(10), donates=True)
    assert shared.value.tolist() == [33.0]
    assert own.value.tolist() == [30.0]


def test_a_step_that_donates_nothing_replaces_only_what_it_changes():
    variables, session = make_session([1.0])
    counter = Variable(0)
    session = Session((variables, [counter]))

    def count(state, batch):
        return state[0][0] * batch, ([state[1][0] + 1],)

    results = [float(session.use(count, 2.0, (0, 1), (1,))[0]) for _ in range(2)]
    assert results == [2.0, 2.0]
    assert int(counter.value) == 2
    assert variables[0].value.tolist() == [1.0]


def test_a_read_in_another_thread_gets_a_state_between_two_steps():
    (first, second), session = make_session(np.zeros(1000, "float32"), np.zeros(1000, "float32"))
    stop, failures = threading.Event(), []

    def read():
        while not stop.is_set():
            a, b = first.numpy(), second.numpy()
            if len(set(a.tolist())) != 1 or len(set(b.tolist())) != 1:
                failures.append((a, b))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(300):
        session.train(ADD, np.float32(1), donates=True)
    stop.set()
    reader.join()
    assert failures == []
    assert first.numpy()[0] == second.numpy()[0] == 300


def test_two_threads_train_two_models_at_once():
    made = [make_session(np.zeros(10, "float32")) for _ in range(2)]

    def run(session):
        for _ in range(100):
            session.train(ADD, np.float32(1), donates=True)

    threads = [threading.Thread(target=run, args=(session,)) for _, session in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [float(variables[0].value[0]) for variables, _ in made] == [100.0, 100.0]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the platform has no interval timer")
def test_an_interrupt_never_loses_the_state():
    slow = jax.jit(
        lambda state, batch: (batch, tuple([jnp.tanh(v @ v) for v in group] for group in state)), donate_argnums=0
    )
    (variable,), session = make_session(np.eye(200, dtype="float32"))
    session.train(slow, 1.0, donates=True)
    interrupts = 0
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for trial in range(40):
            signal.setitimer(signal.ITIMER_REAL, 0.001 + trial * 0.0003)
            try:
                while True:
                    session.train(slow, 1.0, donates=True)
            except KeyboardInterrupt:
                interrupts += 1
            assert np.isfinite(variable.numpy()).all()  # a lost state would be a deleted array
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert interrupts == 40


def test_predictions_run_side_by_side_and_beside_training():
    _, session = make_session(np.zeros(100, "float32"))
    both_inside = threading.Barrier(2, timeout=20)

    def predict(state, batch):
        both_inside.wait()  # passes only when two steps are running at once
        return float(state[0][0].sum()), ()

    results = []
    threads = [threading.Thread(target=lambda: results.append(session.use(predict, None, (0,), ()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0.0, 0.0]


def test_a_training_step_spares_the_arrays_that_a_prediction_reads():
    (variable,), session = make_session([1.0])
    session.train(ADD, np.float32(1), donates=True)

    def predict(state, batch):
        session.train(ADD, np.float32(1), donates=True)  # as another thread might
        return state[0][0].tolist(), ()

    assert session.use(predict, None, (0,), ()) == [2.0]
    assert variable.value.tolist() == [3.0]


def test_what_a_step_changes_arrives_also_when_the_state_was_taken_back_meanwhile():
    counter = Variable(0)
    session = Session(([], [counter]))

    def count(state, batch):
        counter.numpy()
        return None, ([state[1][0] + 1],)

    session.use(count, None, (0, 1), (1,))
    session.use(count, None, (0, 1), (1,))
    assert int(counter.value) == 2
