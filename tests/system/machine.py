"""A machine of its own with the real systemd: this one's files under an overlay that is thrown away, booted as a container.

It shares the network, so the fake Asana is where it always is. It needs root, systemd-nspawn and overlay mounts; where one
is missing, `lacks()` says so.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

MARK = "TASKMIRROR_TEST_NAMESPACE"
# For a unit of a program with sanitizers: they look for leaks with calls that the sandbox forbids.
NO_LEAKS = "[Service]\nEnvironment=ASAN_OPTIONS=detect_leaks=0\n"


def lacks():
    """Why there can be no machine, or None."""
    if os.geteuid() != 0:
        return "only root can start a machine of its own"
    if shutil.which("systemd-nspawn") is None:
        return "systemd-nspawn is missing: install systemd-container"
    with open("/proc/filesystems", encoding="ascii") as file:
        overlay = "overlay" in file.read()
    if not overlay:
        return "the kernel has no overlay file system"
    ended = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], stderr=subprocess.PIPE, text=True, check=False)
    if ended.returncode != 0:
        return f"no namespaces: {ended.stderr.strip()}"
    return None


def enter_namespace():
    """Begins this program anew, with mounts and processes that go with it, however it ends."""
    if lacks() is None and MARK not in os.environ:
        os.environ[MARK] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
                              sys.executable, *sys.argv])


class Machine:
    """`root`: its files, as seen from here. `base`: whose files it begins with."""

    def __init__(self, base="/"):
        self.folder = tempfile.mkdtemp(prefix="taskmirror-machine-")
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.folder], check=True)
        upper, work, self.root = (os.path.join(self.folder, name) for name in ("upper", "work", "root"))
        for name in (upper, work, self.root):
            os.mkdir(name)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={base},upperdir={upper},workdir={work}",
                        self.root], check=True)
        # systemd looks after the control groups below its own: each machine has some that no other one uses.
        self.groups = []
        with open("/proc/self/cgroup", encoding="ascii") as file:
            lines = file.read().splitlines()
        places = {"": ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"], "name=systemd": ["/sys/fs/cgroup/systemd"]}
        for line in lines:
            _, kinds, path = line.split(":", 2)
            for place in places.get(kinds, []):
                if os.path.exists(f"{place}{path}/cgroup.procs"):
                    self.groups.append(f"{place}{path}".rstrip("/") + "/" + os.path.basename(self.folder))
                    os.mkdir(self.groups[-1])
                    break
        self.log = open(os.path.join(self.folder, "console"), "w+b")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--register=no", "--keep-unit", "--quiet", "--console=read-only", "--machine=taskmirror-test",
             "--directory", self.root, "--boot", "systemd.unit=sysinit.target"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, preexec_fn=self.join)
        deadline = time.monotonic() + 120
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                raise RuntimeError(f"the machine did not start: {self.log.read()[-3000:].decode(errors='replace')}")
            time.sleep(0.1)

    def join(self):
        for group in self.groups:
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as file:
                file.write("0")

    def leader(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            return file.read().split()

    def is_up(self):
        if not self.leader():
            return False
        return self.run("systemctl", "is-active", "sysinit.target").stdout == "active\n"

    def run(self, *command, check=False, timeout=120):
        return subprocess.run(["nsenter", "--all", "--target", self.leader()[0], "--", *command], stdin=subprocess.DEVNULL,
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=check, timeout=timeout)

    def write(self, path, text, mode=0o644):
        whole = self.root + path
        os.makedirs(os.path.dirname(whole), exist_ok=True)
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(whole, mode)

    def stop(self):
        if self.process.poll() is None and self.leader():
            os.kill(int(self.leader()[0]), 9)
        self.process.kill()
        self.process.wait()
        self.log.close()
        for folder in (self.root, self.folder):
            subprocess.run(["umount", "--lazy", folder], check=False)
        os.rmdir(self.folder)
        for group in self.groups:
            for path, _, _ in os.walk(group, topdown=False):
                for _ in range(50):
                    try:
                        os.rmdir(path)
                        break
                    except OSError:  # a process is not quite gone
                        time.sleep(0.02)
