"""Stores that existing scripts import and that are not built in, each with what to write instead."""

from .._checks import by_name

NOT_HERE = by_name(
    {
        "it is not built in; MemoryStorage() keeps the jobs of all threads of a process, and docs/stores.md shows a "
        "store in a file, for several": "SharedMemoryStorage RedisStorage RayStorage MPIWinStorage",
    }
)
