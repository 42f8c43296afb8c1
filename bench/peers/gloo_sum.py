"""The sums of a training step by torch.distributed's gloo on loopback: python gloo_sum.py PROCESSES UNTIMED TIMED LENGTH...

Each LENGTH is the number of float64 values of one sum of a step. Prints the seconds of each timed step, all its
sums one after the other, as the first process sees them.
"""

import os
import sys
import tempfile
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as multiprocessing

from rounds import tell


def run(rank, processes, untimed, timed, lengths, store):
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method="file://" + store, rank=rank, world_size=processes)
    tensors = [torch.zeros(length, dtype=torch.float64) for length in lengths]
    seconds = []
    for step in range(untimed + timed):
        for tensor in tensors:
            tensor.fill_(rank + 1)
        begin = time.perf_counter()
        for tensor in tensors:
            dist.all_reduce(tensor)
        if step >= untimed:
            seconds.append(time.perf_counter() - begin)
    expected = processes * (processes + 1) / 2
    if any(not torch.all(tensor == expected) for tensor in tensors):
        raise SystemExit("gloo's sums are wrong")
    if rank == 0:
        tell(ready="gloo, PyTorch " + torch.__version__, seconds=seconds)
    dist.destroy_process_group()


if __name__ == "__main__":
    processes, untimed, timed, *lengths = (int(word) for word in sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        arguments = (processes, untimed, timed, lengths, os.path.join(folder, "store"))
        multiprocessing.spawn(run, arguments, nprocs=processes)
