"""What the numbers were measured on."""

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
    """Text when others use the processors, else nothing."""
    load = os.getloadavg()[0]
    if load < 0.5:
        return ""
    return (f"warning: the load of this machine is {load:.1f} before the first run; "
            "whatever else runs on it will be in the numbers")
