"""How soon a server answers, and how many it serves.

    python -m benchmarks.web                        # first answers of plans/abilene at 1,000 futures
    python -m benchmarks.web --viewers 200 --runs 4 # the same, then many readers while plans run

A server is started as a user starts it, on a port and data folder of its own; what is timed goes
through HTTP. A first answer is timed from sending the form to having the whole page of the run.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

COMMAND = "from offtake.cli.main import main; main()"
POLL_SECONDS = 0.4
"""How often the page of a run asks how far it is."""
PORT = 8397


@contextmanager
def served(folder: Path, port: int) -> Iterator[httpx2.Client]:
    """A server whose workers are warm."""
    started = time.perf_counter()
    arguments = ["serve", "--data", str(folder), "--port", str(port)]
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments])
    client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=120.0)
    try:
        while not _warm(client):
            time.sleep(0.2)
        print(f"warm {time.perf_counter() - started:.1f} s after its start")
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(30.0)


def _warm(client: httpx2.Client) -> bool:
    try:
        return client.get("/health").json()["warm"]
    except httpx2.TransportError:
        return False


def asked(client: httpx2.Client, plan: str, paths: int, seed: int) -> str:
    """Ask for a run; its address."""
    answer = client.post("/runs", data={"plan": plan, "paths": paths, "seed": seed})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def first_answer(client: httpx2.Client, plan: str, paths: int, seed: int) -> float:
    """Seconds from pressing run to the whole page with the answer, asked for as a browser does."""
    started = time.perf_counter()
    run = asked(client, plan, paths, seed)
    client.get(run)
    while "HX-Refresh" not in client.get(f"{run}/progress").headers:
        time.sleep(POLL_SECONDS)
    page = client.get(run)
    assert 'class="answer"' in page.text
    took = time.perf_counter() - started
    while client.get(f"/api/v1{run}").json()["state"] != "done":
        time.sleep(0.1)
    return took


async def viewed(base: str, pages: list[str], seconds: float, taken: list[float]) -> int:
    """One reader: a page, a pause of a second, the next; how many went wrong."""
    wrong, end, i = 0, time.perf_counter() + seconds, 0
    async with httpx2.AsyncClient(base_url=base, timeout=60.0) as client:
        while time.perf_counter() < end:
            started = time.perf_counter()
            try:
                answer = await client.get(pages[i % len(pages)])
                wrong += answer.status_code != 200
            except httpx2.TransportError:
                wrong += 1
            taken.append(time.perf_counter() - started)
            i += 1
            await asyncio.sleep(1.0)
    return wrong


async def load(
    base: str, pages: list[str], viewers: int, seconds: float
) -> tuple[list[float], int]:
    """Many readers at once: seconds of each answer, and how many went wrong."""
    taken: list[float] = []
    everyone = []
    for _ in range(viewers):
        everyone.append(asyncio.create_task(viewed(base, pages, seconds, taken)))
        await asyncio.sleep(1.0 / viewers)  # people do not arrive in one instant
    return taken, sum(await asyncio.gather(*everyone))


def told(name: str, taken: list[float]) -> str:
    """Quantiles of seconds."""
    cuts = statistics.quantiles(taken, n=100)
    quantiles = ", ".join(f"p{q} {cuts[q - 1]:.3f} s" for q in (50, 95, 99))
    return f"{name}: {len(taken):,} answers, {quantiles}, most {max(taken):.3f} s"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--plan", default="abilene")
    options.add_argument("--paths", type=int, default=1_000)
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--viewers", type=int, default=0)
    options.add_argument("--runs", type=int, default=4)
    options.add_argument("--seconds", type=float, default=30.0)
    given = options.parse_args()
    print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start")
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), PORT) as client:
        taken = [first_answer(client, given.plan, given.paths, 1 + i) for i in range(given.times)]
        each = ", ".join(f"{seconds:.2f}" for seconds in taken)
        print(f"first answers of {given.plan}, {given.paths:,} futures: {each} s")
        if given.viewers:
            _many(client, given)


def _many(client: httpx2.Client, given: argparse.Namespace) -> None:
    runs = [row["id"] for row in client.get("/api/v1/runs").json()]
    pages = ["/", f"/runs/{runs[0]}", "/runs", f"/compare?runs={runs[0]},{runs[1]}"]
    for page in pages:
        client.get(page)
    base = str(client.base_url)
    calm, wrong = asyncio.run(load(base, pages, given.viewers, given.seconds))
    print(told(f"{given.viewers} readers, nothing runs", calm), f"{wrong} wrong")
    busy = [asked(client, given.plan, given.paths, 50 + i) for i in range(given.runs)]
    started = time.perf_counter()
    taken, wrong = asyncio.run(load(base, pages, given.viewers, given.seconds))
    print(told(f"{given.viewers} readers, {given.runs} runs asked for", taken), f"{wrong} wrong")
    while {client.get(f"/api/v1{run}").json()["state"] for run in busy} != {"done"}:
        time.sleep(0.2)
    print(f"all {given.runs} runs done after {time.perf_counter() - started:.1f} s")


if __name__ == "__main__":
    main()
