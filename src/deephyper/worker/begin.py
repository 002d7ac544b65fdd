"""The script of a worker's interpreter: it loads what a worker needs, and only then lets loky go on.

From here on the worker looks for modules where its manager does, for example in a folder of the user's that holds a
`queue.py`. Whatever loky and we need must have come from where it belongs before that.
"""

if __name__ == "__main__":
    import runpy

    import cloudpickle  # noqa: F401
    import loky.process_executor  # noqa: F401

    import deephyper.worker.process  # noqa: F401

    runpy.run_module("loky.backend.popen_loky_posix", run_name="__main__", alter_sys=True)
