from plugin.journal.memory import Memory


def test_a_fresh_value_counts_at_once_and_falls_with_its_transaction() -> None:
    memory: Memory[int] = Memory(10)
    memory.put("a", 1)
    memory.keep()
    memory.put("a", 2)
    memory.put("b", 3)
    assert (memory.get("a"), memory.get("b")) == (2, 3)
    memory.drop()
    assert (memory.get("a"), memory.get("b")) == (1, None)


def test_what_was_dismissed_is_unknown() -> None:
    memory: Memory[int] = Memory(10)
    memory.put("a", 1)
    memory.keep()
    memory.put("a", 2)
    memory.dismiss("a")
    memory.dismiss("never")
    assert memory.get("a") is None


def test_the_one_not_put_for_longest_goes_first() -> None:
    memory: Memory[int] = Memory(2)
    for name in ("a", "b", "a", "c"):
        memory.put(name, 0)
        memory.keep()
    assert [memory.get(name) for name in ("a", "b", "c")] == [0, None, 0]
