"""Types into a shell in a terminal of its own, and waits for what it shows.

Reads from standard input, as JSON: `argv`, `environment`, `directory`, and `steps`, each a text to type and a
regular expression of what has to appear then. Writes, as JSON, whether it did, step by step, and all that was
shown.
"""

import json
import os
import pty
import re
import select
import signal
import sys
import time

PATIENCE = 120
# On a busy machine what is completed may come too late for the first time.
AGAIN = 8


def drive(argv, environment, directory, steps):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.execvpe(argv[0], argv, environment)
    shown = b""
    appeared = []
    for typed, wanted in steps:
        start = len(shown)
        os.write(terminal, typed.encode())
        end = time.monotonic() + PATIENCE
        again = time.monotonic() + AGAIN
        found = False
        while not found and time.monotonic() < end:
            ready, _, _ = select.select([terminal], [], [], 0.1)
            if not ready:
                if typed.endswith("\t") and time.monotonic() > again:
                    os.write(terminal, b"\t")
                    again = time.monotonic() + AGAIN
                continue
            try:
                more = os.read(terminal, 65536)
            except OSError:
                break
            shown += more
            # Fish asks the terminal where its cursor is, and what it is.
            if b"\x1b[6n" in more:
                os.write(terminal, b"\x1b[1;1R")
            if b"\x1b[c" in more or b"\x1b[0c" in more:
                os.write(terminal, b"\x1b[?62;c")
            found = re.search(wanted.encode(), shown[start:]) is not None
        appeared.append(found)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return {"appeared": appeared, "shown": shown.decode(errors="replace")}


if __name__ == "__main__":
    json.dump(drive(**json.load(sys.stdin)), sys.stdout)
