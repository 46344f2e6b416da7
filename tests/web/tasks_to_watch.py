"""Tasks that behave badly, for the tests of processes."""

import os
import time

from offtake.web.child import Failure


def echo(told, *, said):
    told({"stage": "echoing"})
    return said


def talks(told):
    for i in range(10_000):
        told({"done": i})
        time.sleep(0.01)


def is_deaf(told):
    while True:
        time.sleep(0.1)


def dies(told):
    os._exit(9)


def eats(told):
    return len(b"x" * 4_000_000_000)


def breaks(told):
    raise RuntimeError("a fault")


def refuses(told):
    raise Failure("refused", "not so")


def pid(told):
    return os.getpid()
