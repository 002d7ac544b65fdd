from __future__ import annotations

from pathlib import Path

import pytest

from deephyper.cluster import Devices, visible_devices


@pytest.mark.parametrize(
    ("variables", "variable", "names"),
    [
        ({"CUDA_VISIBLE_DEVICES": "0,1, 5"}, "CUDA_VISIBLE_DEVICES", ("0", "1", "5")),
        ({"CUDA_VISIBLE_DEVICES": "GPU-8d2c,MIG-17"}, "CUDA_VISIBLE_DEVICES", ("GPU-8d2c", "MIG-17")),
        ({"CUDA_VISIBLE_DEVICES": ""}, "CUDA_VISIBLE_DEVICES", ()),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, "CUDA_VISIBLE_DEVICES", ()),
        ({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, "CUDA_VISIBLE_DEVICES", ()),
        ({"ROCR_VISIBLE_DEVICES": "2,3"}, "ROCR_VISIBLE_DEVICES", ("2", "3")),
        ({"HIP_VISIBLE_DEVICES": "2"}, "HIP_VISIBLE_DEVICES", ("2",)),
        ({"ZE_AFFINITY_MASK": "0.0,0.1"}, "ZE_AFFINITY_MASK", ("0.0", "0.1")),
    ],
)
def test_devices_are_those_of_the_variable_that_is_set(
    variables: dict[str, str], variable: str, names: tuple[str, ...], tmp_path: Path
):
    assert visible_devices(variables, str(tmp_path)) == Devices(variable, names)


def test_without_a_variable_device_files_are_counted(tmp_path: Path):
    for name in ("nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert visible_devices({}, str(tmp_path)).names == ("0", "1")
    assert visible_devices({}, str(tmp_path / "nowhere")).names == ()


@pytest.mark.parametrize(
    ("n", "divided"),
    [
        (1, [["a", "b", "c", "d"]]),
        (2, [["a", "b"], ["c", "d"]]),
        (3, [["a"], ["b"], ["c"]]),
        (4, [["a"], ["b"], ["c"], ["d"]]),
        (6, [["a"], ["b"], ["c"], ["d"], ["a"], ["b"]]),
    ],
)
def test_devices_are_divided_evenly_and_shared_where_there_are_too_few(n: int, divided: list[list[str]]):
    assert Devices("CUDA_VISIBLE_DEVICES", ("a", "b", "c", "d")).divided(n) == divided
