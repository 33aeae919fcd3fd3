"""A full landing of a hub beside the bare client receiving the same events, in CPU seconds.

Each in a fresh process, in turn; imports count, and are told apart.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from bench.streams.places import Cost, place

EVENTS, REPEATS, GOAL = 100_000, 3, 1.5


def landing(work: Path) -> dict[str, object]:
    """Fill a hub, then both in turn; prints a line for each."""
    with place(work) as (here, hub):
        filled = here.run("fill", str(EVENTS))
        size = filled.found["bytes"] / EVENTS
        rate = EVENTS / filled.found["seconds"]
        print(f"{EVENTS:,} reports of {size:.0f} bytes published at {rate:,.0f} a second\n")
        print(f"{'':8}{'CPU s':>8}{'wall s':>8}{'events/s':>10}{'CPU s without imports':>24}")
        bare, ours = list[Cost](), list[Cost]()
        here.run("bare", "1")  # so that no module is compiled while the clock runs
        here.with_home("warm").run("land")
        for number in range(REPEATS):
            bare.append(told("bare", here.run("bare", str(EVENTS))))
            ours.append(told("ours", here.with_home(f"landed_{number}").run("land")))
        parts = here.with_home("parts").run("parts").found
        hub_cpu = hub.cpu()
    print("\nOurs taken apart, CPU s: " + ", ".join(f"{k} {v:.2f}" for k, v in parts.items()))
    return summary(bare, ours, parts) | {"hub_cpu": round(hub_cpu, 1)}


def told(name: str, cost: Cost) -> Cost:
    """Print what a process took; all events must have come."""
    if cost.found["events"] != EVENTS:
        raise SystemExit(f"{name} got {cost.found['events']:,} of {EVENTS:,} events.")
    rate = EVENTS / cost.wall
    print(
        f"{name:8}{cost.cpu:>8.2f}{cost.wall:>8.2f}{rate:>10,.0f}{cost.found['cpu']:>24.2f}",
        flush=True,
    )
    return cost


def summary(
    bare: Sequence[Cost], ours: Sequence[Cost], parts: Mapping[str, float]
) -> dict[str, object]:
    """Ratios of the medians and of the best; prints the first."""
    middle = median(each.cpu for each in ours) / median(each.cpu for each in bare)
    best = min(each.cpu for each in ours) / min(each.cpu for each in bare)
    inner = median(each.found["cpu"] for each in ours) / median(each.found["cpu"] for each in bare)
    print(
        f"Ratio of CPU {middle:.2f} (of the best {best:.2f}, without imports {inner:.2f}); "
        f"goal {GOAL}"
    )
    return {
        "bare_cpu": [round(each.cpu, 2) for each in bare],
        "ours_cpu": [round(each.cpu, 2) for each in ours],
        "bare_wall": [round(each.wall, 2) for each in bare],
        "ours_wall": [round(each.wall, 2) for each in ours],
        "ratio": round(middle, 2),
        "ratio_of_best": round(best, 2),
        "ratio_without_imports": round(inner, 2),
        "parts_cpu": {name: round(value, 2) for name, value in parts.items()},
    }
