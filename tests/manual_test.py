"""The manual knows the program: each command, option and key of the configuration stands in the man pages and in the
completions, which work; and the messages that docs/operations.md quotes are those of the program."""
import os
import re
import shutil
import subprocess
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
TASKMIRROR = os.environ.get("TASKMIRROR", "")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def words_of(array):
    """The texts of an array in daemon/cli.cpp."""
    text = re.search(rf"{array} = {{(.*?)}};", read("daemon", "cli.cpp"), re.DOTALL).group(1)
    return re.findall(r'"([^"]+)"', text)


COMMANDS = words_of("kCommands")
OPTIONS = words_of("kOptions")
KEYS = sorted(set(re.findall(r"^ *(?:- )?([a-z_]+):", read("config.example.yaml"), re.MULTILINE)))
EXAMPLE = read("config.example.yaml")


def plain(page):
    """mdoc without its macros for options, dashes and quotes."""
    text = read("docs", "man", page).replace("Fl Fl ", "--").replace("\\-", "-")
    return re.sub(r"--(\S+)", r" --\1 ", text)


class Manual(unittest.TestCase):
    maxDiff = None

    def test_the_lists_are_read(self):
        self.assertGreater(len(COMMANDS), 10)
        self.assertGreater(len(OPTIONS), 20)
        self.assertGreater(len(KEYS), 50)

    def test_each_command_and_option_is_in_the_manual(self):
        page = plain("taskmirror.1")
        self.assertEqual([one for one in COMMANDS if not re.search(rf"^\.It Ic {one}\b", page, re.MULTILINE)], [])
        self.assertEqual([one for one in OPTIONS if f" {one} " not in page], [])

    def test_the_manual_knows_no_other_options(self):
        known = set(OPTIONS) | {"--version", "--help"}
        self.assertEqual(sorted(set(re.findall(r" (--[a-z-]+) ", plain("taskmirror.1"))) - known), [])

    def test_each_key_is_in_the_manual_with_its_default(self):
        page = read("docs", "man", "taskmirror.yaml.5")
        entries = " ".join(re.findall(r"^\.It Ic (.*)", page, re.MULTILINE))
        self.assertEqual([key for key in KEYS if not re.search(rf"(^| ){key}( |$)", entries)], [])
        told = dict(re.findall(r"([a-z_]+) : Ar (\S+)", entries))
        wrong = []
        for key, value in told.items():
            default = re.search(rf"^ *(?:- )?{key}:(.*?)(?:#|$)", EXAMPLE, re.MULTILINE).group(1).strip()
            if default != value:
                wrong.append((key, value, default))
        self.assertEqual(wrong, [])

    def test_each_key_is_in_the_readme(self):
        readme = read("README.md")
        self.assertEqual([key for key in KEYS if f"{key}`" not in readme and f"{key}:" not in readme
                          and f".{key}" not in readme and f"`{key}." not in readme
                          and not re.search(rf"^      {key}:", EXAMPLE, re.MULTILINE)], [])

    def test_the_pages_are_sound(self):
        for page in ("taskmirror.1", "taskmirror.yaml.5"):
            path = os.path.join(ROOT, "docs", "man", page)
            if shutil.which("mandoc"):
                ended = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], capture_output=True, text=True, check=False)
                self.assertEqual((ended.returncode, ended.stdout), (0, ""))
            if shutil.which("man"):
                ended = subprocess.run(["man", "--warnings", "-l", path], capture_output=True, text=True, check=False,
                                       env={**os.environ, "LANG": "C.UTF-8", "MANWIDTH": "80"})
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    def test_the_help_fits_a_screen(self):
        ended = subprocess.run([TASKMIRROR, "--help"], capture_output=True, text=True, check=True)
        self.assertLessEqual(ended.stdout.count("\n"), 48)
        self.assertLessEqual(max(map(len, ended.stdout.split("\n"))), 80)
        self.assertEqual([one for one in COMMANDS if one != "help" and not re.search(rf"^  {one}\b", ended.stdout, re.MULTILINE)],
                         [])
        self.assertEqual([one for one in OPTIONS if one not in ended.stdout and one not in ("--help", "--version")], [])
        self.assertIn("example", ended.stdout)

    def test_each_command_and_option_is_completed(self):
        for name in ("taskmirror.bash", "_taskmirror", "taskmirror.fish"):
            text = read("completions", name)
            words = set(re.findall(r"--[a-z-]+", text)) | {f"--{one}" for one in re.findall(r"-l ([a-z-]+)", text)}
            self.assertEqual([one for one in OPTIONS if one not in words], [], name)
            self.assertEqual([one for one in COMMANDS if not re.search(rf"\b{one}\b", text)], [], name)

    def complete(self, *words):
        """What bash offers for the last of these."""
        folder = os.path.dirname(TASKMIRROR)
        script = (f"source '{os.path.join(ROOT, 'completions', 'taskmirror.bash')}'\nCOMP_WORDS=(taskmirror \"$@\")\n"
                  "COMP_CWORD=$#\n_taskmirror\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
        ended = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=True,
                               env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
        self.assertEqual(ended.stderr, "")
        return ended.stdout.split()

    def test_bash_completes(self):
        for name in ("taskmirror.bash",):
            subprocess.run(["bash", "-n", os.path.join(ROOT, "completions", name)], check=True)
        self.assertEqual(set(COMMANDS) - set(self.complete("")), set())
        self.assertEqual(self.complete("sy"), ["sync"])
        self.assertEqual(self.complete("sync", "--max"), ["--max-minutes", "--max-requests"])
        self.assertEqual(self.complete("--config", "x.yaml", "ver"), ["version", "verify"])
        self.assertEqual(self.complete("verify", "--st"), ["--stories"])
        self.assertEqual(self.complete("backup", "--k"), ["--keep"])
        self.assertEqual(self.complete("search", "word", "--format", ""), ["table", "json"])
        self.assertEqual(self.complete("report", "overdue", "--format", "m"), ["markdown"])
        self.assertEqual(self.complete("--log-level", "w"), ["warning"])
        self.assertEqual(self.complete("sync", "--max-minutes", ""), [])
        reports = self.complete("report", "")
        self.assertIn("overdue", reports)
        self.assertNotIn("project", reports)

    @unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
    def test_zsh_reads_its_file(self):
        subprocess.run(["zsh", "-n", os.path.join(ROOT, "completions", "_taskmirror")], check=True)

    @unittest.skipUnless(shutil.which("fish"), "fish is not installed")
    def test_fish_completes(self):
        folder = os.path.dirname(TASKMIRROR)
        for line, expected in (("taskmirror sy", "sync"), ("taskmirror sync --max-m", "--max-minutes"),
                               ("taskmirror report over", "overdue")):
            ended = subprocess.run(["fish", "--no-config", "-c",
                                    f"source {ROOT}/completions/taskmirror.fish; complete -C '{line}'"],
                                   capture_output=True, text=True, check=True,
                                   env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
            self.assertIn(expected, [one.split("\t")[0] for one in ended.stdout.split("\n")])


class Operations(unittest.TestCase):
    """Messages in the first column of the tables under "Troubleshooting" stand in the source, but for what `...` and
    N stand for."""

    def test_the_quoted_messages_are_those_of_the_program(self):
        page = read("docs", "operations.md")
        section = page[page.index("## Troubleshooting"):]
        quoted = re.findall(r"^\| `([^|]+)` \|", section, re.MULTILINE)
        self.assertGreater(len(quoted), 10)
        source = ""
        for folder, _, names in os.walk(os.path.join(ROOT, "daemon")):
            for name in names:
                if name.endswith((".cpp", ".hpp")):
                    with open(os.path.join(folder, name), encoding="utf-8") as file:
                        source += re.sub(r'"\s*\n\s*"', "", file.read())
        missing = [part for message in quoted for part in re.split(r"\.\.\.|\bN\b|`, `", message)
                   if part.strip(" ;:\"") and part.strip() not in source.replace('\\"', '"')]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
