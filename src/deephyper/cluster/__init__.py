"""What a scheduler has granted to this process, and steps of Slurm from inside of an evaluation."""

from .allocation import Allocation, allocation, granted_cores
from .devices import Devices, visible_devices
from .srun import StepFailed, srun

__all__ = ["Allocation", "Devices", "StepFailed", "allocation", "granted_cores", "srun", "visible_devices"]
__dir__ = __all__.copy
