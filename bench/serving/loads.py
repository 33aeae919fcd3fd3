"""One client, eight clients, batches: the API alone, and beside MLflow's scoring server."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from bench.serving.bodies import BATCH, Asked, asked, champions_of, post
from bench.serving.servers import HEAD, Seen, Server, mlflows, ours
from crash_platform.modelling.registry import Registry
from crash_platform.pipelines.injuries.answering import FULL_REPORT, Answerer
from crash_platform.pipelines.injuries.promotion import registered_name

EIGHT, BATCH_CLIENTS = 8, 2
Figures = dict[str, object]


def latency(work: Path, tracking: str, seconds: float) -> Figures:
    """One client that asks for one report after the other."""
    with ready(work, tracking) as server:
        print(HEAD)
        return told("one client", server.ask(singles(server, asked()), 1, seconds))


def load(work: Path, tracking: str, seconds: float) -> Figures:
    """Eight clients that do so at once."""
    with ready(work, tracking) as server:
        print(HEAD)
        return told("eight clients", server.ask(singles(server, asked()), EIGHT, seconds))


def batch(work: Path, tracking: str, seconds: float) -> Figures:
    """Batches of 1,000 reports, from one client and from two."""
    with ready(work, tracking) as server:
        print(HEAD)
        requests = batches(server, asked())
        return {
            str(clients): rows(
                f"batches of {BATCH:,}, clients: {clients}",
                server.ask(requests, clients, seconds),
            )
            for clients in (1, BATCH_CLIENTS)
        }


def beside(work: Path, tracking: str, seconds: float) -> Figures:
    """The champion of full reports in both servers, the same rows, the same client, in turn.

    Ours is sent reports, from which it makes the features; MLflow's the features.
    """
    champions = champions_of(tracking)
    chosen = asked().full_only(champions)
    found = dict[str, Seen]()
    with ExitStack() as held:
        server = held.enter_context(ready(work, tracking))
        other = held.enter_context(mlflows(work, downloaded(work, tracking, champions)))
        theirs = framed(chosen, champions, 1)
        other.warm(theirs)
        print(HEAD)
        for name, clients, mine, their in (
            ("one client", 1, singles(server, chosen), theirs),
            ("eight clients", EIGHT, singles(server, chosen), theirs),
            ("batches of 500", 1, batches(server, chosen, 500), framed(chosen, champions, 500)),
        ):
            for whose, asks, requests in (("ours", server, mine), ("MLflow's", other, their)):
                label = f"{name}, {whose}"
                found[label] = asks.ask(requests, clients, seconds)
                print(f"{label:34}{found[label]}", flush=True)
    return ratios(found)


def ratios(found: Mapping[str, Seen]) -> Figures:
    """How many times more requests a second, and fewer milliseconds of the server; prints them."""
    figures: Figures = {name: asdict(seen) for name, seen in found.items()}
    for name in dict.fromkeys(each.rpartition(", ")[0] for each in found):
        mine, theirs = found[f"{name}, ours"], found[f"{name}, MLflow's"]
        rate, cpu = mine.per_second / theirs.per_second, theirs.server_ms / mine.server_ms
        print(f"{name}: {rate:.1f} times MLflow's rate, {cpu:.1f} times less CPU a request")
        figures[f"times, {name}"] = {"rate": round(rate, 1), "cpu": round(cpu, 1)}
    return figures


@contextmanager
def ready(work: Path, tracking: str) -> Iterator[Server]:
    """Our server, warm."""
    with ours(work, tracking) as server:
        server.warm(singles(server, asked()))
        yield server


def singles(server: Server, chosen: Asked) -> list[bytes]:
    """A request for each report."""
    return [post("/predict", each, server.key) for each in chosen.told]


def batches(server: Server, chosen: Asked, count: int = BATCH) -> list[bytes]:
    """Requests for so many reports each."""
    starts = range(0, len(chosen.told) - count + 1, count)
    return [post("/predict/batch", chosen.told[at : at + count], server.key) for at in starts]


def framed(chosen: Asked, champions: Answerer, count: int) -> list[bytes]:
    """The same for MLflow's server."""
    model = champions.champions[FULL_REPORT].model
    return [post("/invocations", frame) for frame in chosen.frames(model, count)]


def downloaded(work: Path, tracking: str, champions: Answerer) -> Path:
    """The champion of full reports as the folder that MLflow logged."""
    registry = Registry(tracking)
    number = champions.champions[FULL_REPORT].version
    version = registry.version(registered_name(FULL_REPORT), number)
    return Path(registry.client.download_artifacts(version.run_id, "model", str(work)))


def told(name: str, seen: Seen) -> Figures:
    """The figures; prints them."""
    print(f"{name:34}{seen}", flush=True)
    return asdict(seen)


def rows(name: str, seen: Seen) -> Figures:
    """The figures of batches, with rows a second, by the clock and by CPU seconds of the server."""
    figures: Figures = told(name, seen)
    each = {"rows": seen.per_second * BATCH, "rows_per_cpu": BATCH / seen.server_ms * 1e3}
    print("    " + ", ".join(f"{value:,.0f} {key}_second" for key, value in each.items()))
    return figures | {f"{key}_second": round(value) for key, value in each.items()}
