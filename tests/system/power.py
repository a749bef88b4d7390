"""A small file system of its own whose power can be cut.

The cut is the ioctl that file system developers use for it: from one moment
to the next nothing more reaches the disk, the journal in memory included.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile

GOING_DOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN
NO_LOG_FLUSH = struct.pack("I", 2)
SIZE_MB = 320  # xfs wants 300
KINDS = ("ext4", "xfs")


class Disk:
    def __init__(self, kind):
        self.kind = kind
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hp.", dir="/tmp"))
        self.folder.chmod(0o711)
        self.image = self.folder / "image"
        self.mount_point = self.folder / "m"
        self.mounted = False

    def __enter__(self):
        try:
            self.mount_point.mkdir()
            with open(self.image, "wb") as image:
                image.truncate(SIZE_MB << 20)
            run(f"mkfs.{self.kind}", "-q", self.image)
            self.mount()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        with contextlib.suppress(subprocess.CalledProcessError):
            self.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mount(self):
        run("mount", "-o", "loop", "-t", self.kind, self.image, self.mount_point)
        self.mounted = True

    def unmount(self):
        if self.mounted:
            run("umount", self.mount_point)
            self.mounted = False

    def cut(self):
        fd = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, GOING_DOWN, NO_LOG_FLUSH)
        finally:
            os.close(fd)


def why_not(kind):
    """What this machine lacks for such a disk; empty if nothing."""
    if os.environ.get("LD_PRELOAD", "").find("eatmydata") >= 0:
        raise RuntimeError("libeatmydata makes every durability test a lie")
    if not shutil.which(f"mkfs.{kind}"):
        return f"mkfs.{kind} is missing"
    try:
        with Disk(kind):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"no loop device with {kind}: {said.strip()}"


def run(*argv):
    subprocess.run(argv, check=True, capture_output=True, text=True)
