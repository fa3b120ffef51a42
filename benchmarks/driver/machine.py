"""Describes the machine on which the numbers were measured."""

import os
import platform


def description():
    model = "unknown processor"
    with open("/proc/cpuinfo") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    with open("/proc/meminfo") as meminfo:
        gib = int(meminfo.readline().split()[1]) / 2**20
    return (f"{model}, {len(os.sched_getaffinity(0))} cores, {gib:.0f} GiB, "
            f"{platform.system()} {platform.release()}")


def busy_warning():
    """A warning when other programs use the processors, otherwise an empty text."""
    load = os.getloadavg()[0]
    if load < 0.5:
        return ""
    return (f"warning: the load of this machine is {load:.1f} before the first run; "
            "whatever else runs on it will be in the numbers")
