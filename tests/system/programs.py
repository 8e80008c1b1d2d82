"""For the scripts: the two programs, built for release and up to date."""
import os
import subprocess

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def build():
    """Before `support` is imported."""
    folder = os.path.join(ROOT, "build", "release")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["cmake", "--preset", "release"], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "taskmirror", "fake_asana"], cwd=ROOT,
                   check=True, stdout=subprocess.DEVNULL)
    os.environ["TASKMIRROR"], os.environ["FAKE_ASANA"] = (os.path.join(folder, name)
                                                          for name in ("taskmirror", "fake_asana"))
