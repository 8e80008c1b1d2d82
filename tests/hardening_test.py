"""What the linker made of the flags of cmake/settings.cmake: hardening_test.py PROGRAM."""
import os
import platform
import re
import subprocess
import sys

program = sys.argv[1]
root = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
with open(program, "rb") as file:
    content = file.read()
if b"__asan_init" in content:
    print("built with sanitizers, which are no hardening: nothing to look at")
    sys.exit(77)


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, program], check=True, text=True, capture_output=True).stdout


dynamic, segments, symbols = readelf("--dynamic"), readelf("--segments"), readelf("--dyn-syms")
wrong = [what for what, holds in {
    "not a position-independent executable": "(Position-Independent Executable file)" in readelf("--file-header"),
    "symbols are not bound at the start": re.search(r"FLAGS_1.*\bNOW\b", dynamic),
    "tables stay writable: no RELRO": "GNU_RELRO" in segments,
    "the stack may be executed": re.search(r"GNU_STACK .* RW ", segments),
    "no guard of the stack": "__stack_chk_fail" in symbols,
    "no checks of buffers: _FORTIFY_SOURCE": re.search(r"__(memcpy|memset|memmove|read|pread|snprintf)_chk", symbols),
    "no checks of containers: _GLIBCXX_ASSERTIONS": "__glibcxx_assert_fail" in symbols,
    "no guard of jumps": platform.machine() != "x86_64" or content.count(b"\xf3\x0f\x1e\xfa") > 500,  # endbr64
    "looks for libraries in places of its own": "RPATH" not in dynamic and "RUNPATH" not in dynamic,
    "names the folder it was built in": root.encode() not in content,
}.items() if not holds]
print("\n".join(wrong) or f"{program}: hardened")
sys.exit(bool(wrong))
