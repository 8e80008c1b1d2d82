"""The Debian package in a machine of its own: installed, used, upgraded, removed, purged.

TASKMIRROR_PACKAGE names one that is built already, TASKMIRROR_ROOT the files that the machine begins with; else the build of
TASKMIRROR is packed, and the machine begins with the files of this one.
"""
import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import machine
import support

CONFIG = "/etc/taskmirror/config.yaml"
DATABASE = "/var/lib/taskmirror/taskmirror.db"
EXPECTED = {  # what must be there, with its mode
    "./etc/taskmirror/config.yaml": "-rw-r--r--", "./usr/bin/taskmirror": "-rwxr-xr-x",
    "./usr/lib/systemd/system/taskmirror.service": "-rw-r--r--", "./usr/lib/sysusers.d/taskmirror.conf": "-rw-r--r--",
    "./usr/lib/systemd/system/taskmirror-sync.service": "-rw-r--r--", "./usr/lib/tmpfiles.d/taskmirror.conf": "-rw-r--r--",
    "./usr/lib/systemd/system/taskmirror-sync.timer": "-rw-r--r--", "./usr/share/doc/taskmirror/copyright": "-rw-r--r--",
    "./usr/share/doc/taskmirror/changelog.gz": "-rw-r--r--", "./usr/share/doc/taskmirror/docs/data-dictionary.md": "-rw-r--r--",
    "./usr/share/doc/taskmirror/config.example.yaml": "-rw-r--r--", "./usr/share/doc/taskmirror/analysts/queries.sql": "-rw-r--r--",
}


def lacks():
    missing = [name for name in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file") if shutil.which(name) is None]
    return f"missing: {', '.join(missing)}" if missing else None


def packed(folder):
    """The package of the build of TASKMIRROR; quickly, not small."""
    build = os.path.dirname(support.TASKMIRROR)
    subprocess.run(["cpack", "--config", f"{build}/CPackConfig.cmake", "-B", folder, "-D", "CPACK_STRIP_FILES=OFF",
                    "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=zstd"], check=True, stdout=subprocess.DEVNULL)
    return glob.glob(f"{folder}/*.deb")[0]


def changed(package, folder, version):
    """A later version, with another configuration in it."""
    whole = os.path.join(folder, "changed")
    subprocess.run(["dpkg-deb", "-R", package, whole], check=True)
    for path, pattern, new in ((f"{whole}/DEBIAN/control", r"(?m)^Version: .*", f"Version: {version}"),
                               (whole + CONFIG, r"\Z", "\n# of a later version\n")):
        with open(path, encoding="utf-8") as file:
            text = re.sub(pattern, new, file.read())
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    later = os.path.join(folder, "later.deb")
    subprocess.run(["dpkg-deb", "-Znone", "-b", whole, later], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(whole)
    return later


@unittest.skipIf(lacks(), lacks())
class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="taskmirror-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.package = os.environ.get("TASKMIRROR_PACKAGE") or packed(cls.folder)

    def test_it_holds_what_it_should(self):
        listing = subprocess.run(["dpkg-deb", "-c", self.package], check=True, text=True, capture_output=True).stdout
        lines = [line.split(None, 5) for line in listing.splitlines()]
        self.assertEqual({line[1] for line in lines}, {"root/root"})
        files = {line[5]: line[0] for line in lines}
        self.assertEqual({name: files.get(name) for name in EXPECTED}, EXPECTED)
        places = ("./usr/bin/", "./usr/lib/systemd/system/", "./usr/lib/sysusers.d/", "./usr/lib/tmpfiles.d/", "./usr/share/",
                  "./etc/taskmirror/")
        self.assertEqual([name for name in files if not name.endswith("/") and not name.startswith(places)], [])

    @unittest.skipIf(machine.lacks(), machine.lacks())
    def test_a_life_of_a_package(self):
        minimal = os.environ.get("TASKMIRROR_ROOT")
        box = machine.Machine(minimal or "/")
        self.addCleanup(box.stop)
        if support.SANITIZED:
            box.write("/etc/systemd/system/taskmirror.service.d/test.conf", machine.NO_LEAKS)
        fake = support.Fake(60)
        self.addCleanup(fake.stop)

        def run(*command, code=0):
            ended = box.run(*command, timeout=300)
            self.assertEqual(ended.returncode, code, f"{command}: {ended.stdout}{ended.stderr}"
                             + box.run("journalctl", "--output=cat", "--lines=30", "--unit=taskmirror").stdout)
            return ended.stdout

        def dpkg(*arguments):
            return run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "--force-confdef", "--force-confold", *arguments)

        def show(name):
            return run("systemctl", "show", "--value", "--property", name, "taskmirror.service").strip()

        def modes(*paths):
            return [line.split(" ", 1)[1] for line in run("stat", "--format=%n %a %U:%G", *paths).splitlines()]

        def content(path):
            with open(box.root + path, encoding="utf-8") as file:
                return file.read()

        for name, path in (("now", self.package), ("later", changed(self.package, self.folder, "99"))):
            shutil.copy(path, f"{box.root}/var/{name}.deb")

        run("rm", "-f", "/usr/sbin/policy-rc.d")  # of container images: packages may not start services

        if minimal:
            run("apt-get", "update", "-qq")
            run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "/var/now.deb")
            dpkg("--purge", "taskmirror")
        said = dpkg("-i", "/var/now.deb")
        self.assertIn("/etc/taskmirror/asana-token", said)
        self.assertEqual(modes("/etc/taskmirror", CONFIG, "/var/lib/taskmirror"),
                         ["750 root:taskmirror", "640 root:taskmirror", "750 taskmirror:taskmirror"])
        version = run("dpkg-query", "--show", "--showformat=${Version}", "taskmirror")
        self.assertTrue(run("taskmirror", "version").startswith("taskmirror " + version.split("~")[0]))
        self.assertEqual((show("UnitFileState"), show("ActiveState")), ("disabled", "inactive"))

        # Without a token it says so, and is not tried again.
        run("systemctl", "start", "taskmirror.service", code=1)
        self.assertEqual((show("ExecMainStatus"), show("NRestarts")), ("78", "0"))
        run("systemctl", "reset-failed", "taskmirror.service")

        own = content(CONFIG) + f"    base_url: {fake.url}\n"
        box.write(CONFIG, own, 0o640)
        box.write("/etc/taskmirror/asana-token", support.TOKEN, 0o600)
        self.assertIn("accepted", run("env", "CREDENTIALS_DIRECTORY=/etc/taskmirror", "taskmirror", "check"))
        run("systemctl", "enable", "--now", "taskmirror.service")
        pid = show("MainPID")

        dpkg("-i", "/var/later.deb")
        self.assertEqual(content(CONFIG), own)
        self.assertEqual(modes("/etc/taskmirror", CONFIG, "/etc/taskmirror/asana-token"),
                         ["750 root:taskmirror", "640 root:taskmirror", "600 root:root"])
        self.assertEqual((show("UnitFileState"), show("ActiveState")), ("enabled", "active"))
        self.assertNotEqual(show("MainPID"), pid)

        dpkg("--remove", "taskmirror")
        self.assertEqual(box.run("sh", "-c", "cat /proc/[0-9]*/comm | grep -qx taskmirror").returncode, 1)
        self.assertEqual(content(CONFIG), own)
        self.assertGreater(os.stat(box.root + DATABASE).st_size, 0)

        dpkg("-i", "/var/later.deb")
        self.assertEqual((show("UnitFileState"), show("ActiveState")), ("enabled", "inactive"))
        self.assertIn("/var/lib/taskmirror", dpkg("--purge", "taskmirror"))
        self.assertFalse(os.path.lexists(box.root + "/etc/taskmirror"))
        self.assertFalse(os.path.lexists(box.root + "/etc/systemd/system/multi-user.target.wants/taskmirror.service"))
        self.assertGreater(os.stat(box.root + DATABASE).st_size, 0)


if __name__ == "__main__":
    machine.enter_namespace()
    support.main()
