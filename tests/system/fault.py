"""The remote control of tests/crash/fault.c: which call fails, and how."""

import contextlib
import mmap
import pathlib
import struct
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[1] / "crash" / "fault.c"
FAIL, SHORT_WRITE, KILL = range(3)
CONTROL = struct.Struct("=6iq32s256s")


class Fault:
    """Builds the shim in folder; env() is for the program that carries it."""

    def __init__(self, folder):
        self.library = pathlib.Path(folder) / "fault.so"
        self.file = pathlib.Path(folder) / "fault.control"
        argv = ["cc", "-std=gnu17", "-O1", "-shared", "-fPIC"]
        subprocess.run([*argv, "-o", self.library, SOURCE], check=True)
        self.file.write_bytes(bytes(CONTROL.size))
        with open(self.file, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), CONTROL.size)

    def env(self):
        return {"LD_PRELOAD": self.library, "FAULT_CONTROL": self.file}

    def set(self, nth=0, action=FAIL, error=0, forbidden=0, shift=0, armed=1):
        fields = (0, 0, nth, action, error, forbidden, shift, b"", b"")
        CONTROL.pack_into(self.map, 0, *fields)
        struct.pack_into("=i", self.map, 0, armed)

    @contextlib.contextmanager
    def armed(self, nth=0, action=FAIL, error=0):
        """Afterwards .count, .hit and .path tell what happened."""
        self.set(nth, action, error)
        try:
            yield self
        finally:
            struct.pack_into("=i", self.map, 0, 0)

    @property
    def count(self):
        return CONTROL.unpack_from(self.map)[1]

    @property
    def hit(self):
        return CONTROL.unpack_from(self.map)[7].split(b"\0")[0].decode()

    @property
    def path(self):
        return CONTROL.unpack_from(self.map)[8].split(b"\0")[0].decode()
