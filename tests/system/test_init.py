"""taskmirror init on a terminal: what it asks, what it writes, and that it leaves nothing behind when it is stopped."""
import errno
import os
import pty
import re
import select
import signal
import stat
import termios
import time

import support

SOON = 60 if support.SANITIZED else 20


class Terminal:
    """A program on a terminal of its own, and what both have written there."""

    def __init__(self, command, folder):
        self.said, self.code = "", None
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execve(command[0], command, {"PATH": os.environ.get("PATH", ""), "HOME": folder, "LANG": "C.UTF-8",
                                            "TERM": "xterm", **{name: value for name, value in os.environ.items()
                                                                if name.endswith("SAN_OPTIONS")}})

    def read(self, seconds):
        """False at its end."""
        ready, _, _ = select.select([self.end], [], [], seconds)
        if not ready:
            return True
        try:
            text = os.read(self.end, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            text = b""
        self.said += text.decode()
        return text != b""

    def await_text(self, text):
        deadline = time.monotonic() + SOON
        while text not in self.said:
            if not self.read(0.1) and text not in self.said:
                raise AssertionError(f"it ended before it said {text!r}: {self.said}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {text!r}: {self.said}")

    def answer(self, question, text):
        self.await_text(question)
        self.said = self.said[self.said.index(question) + len(question):]
        if "Token" in question:  # not before it is hidden
            deadline = time.monotonic() + SOON
            while self.echoes() and time.monotonic() < deadline:
                time.sleep(0.01)
        os.write(self.end, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.end)[3] & termios.ECHO)

    def wait(self):
        deadline = time.monotonic() + SOON
        while self.read(0.1) and time.monotonic() < deadline:
            pass
        _, status = os.waitpid(self.pid, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def stop(self):
        if self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.end)


class Init(support.SystemTest):
    def terminal(self, *arguments):
        terminal = Terminal([support.TASKMIRROR, *arguments], self.folder)
        self.addCleanup(terminal.stop)
        return terminal

    def begin(self, url, *arguments):
        terminal = self.terminal("init", "--config", "taskmirror.yaml", "--base-url", url, *arguments)
        terminal.await_text("Manage Developer Apps")
        return terminal

    def files(self):
        return sorted(name for name in os.listdir(self.folder) if not name.startswith("tmp"))

    def test_what_it_writes_works(self):
        fake = self.fake(250)
        workspaces = sorted((row["name"], row["gid"]) for row in fake.truth()["asana_workspaces"])
        terminal = self.begin(fake.url)
        terminal.answer("Token (it is not shown): ", "wrong-token\n")
        terminal.await_text("Asana refuses that token")
        terminal.answer("Token (it is not shown): ", "with a space\n")
        terminal.await_text("That is no token")
        terminal.answer("Token (it is not shown): ", support.TOKEN + "\n")
        terminal.await_text("[all]: ")
        for name, gid in workspaces:
            self.assertIn(f"{name} ({gid})", terminal.said)
        number, gid = re.search(r"(\d)  .* \((\d+)\)", terminal.said).groups()
        self.assertTrue(terminal.echoes())
        terminal.answer("[all]: ", "7\n")
        terminal.await_text(f"Numbers from 1 to {len(workspaces)}")
        terminal.answer("[all]: ", f"{number}\n")
        terminal.answer("Database file [asana.db]: ", "mirror.db\n")
        self.assertEqual(terminal.wait(), 0, terminal.said)
        self.assertIn("taskmirror plan", terminal.said)

        self.assertEqual(self.files(), ["asana.token", "taskmirror.yaml"])
        for name in self.files():
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.folder, name)).st_mode), 0o600)
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn(support.TOKEN, text + terminal.said)
        self.assertIn("max_share: 0.2", text)  # every option stands there

        self.sync(token=None)
        self.assertEqual(self.query("SELECT gid FROM asana_workspaces"), [(gid,)])
        self.assertEqual(self.open_gaps(), [])

    def test_one_workspace_is_not_asked_about(self):
        fake = self.fake(20)
        terminal = self.begin(fake.url, "--database", self.database)
        terminal.answer("Token (it is not shown): ", support.TOKEN + "\n")
        self.assertEqual(terminal.wait(), 0, terminal.said)
        self.sync(token=None)
        self.assert_truth(fake)

    def test_ctrl_c_at_any_question_leaves_nothing_behind(self):
        fake = self.fake(250)
        answers = [("Token (it is not shown): ", support.TOKEN + "\n"), ("[all]: ", "\n"), ("Database file [asana.db]: ", "")]
        for stopped in range(len(answers)):
            terminal = self.begin(fake.url)
            for question, text in answers[:stopped]:
                terminal.answer(question, text)
            terminal.answer(answers[stopped][0], "\x03")
            self.assertEqual(terminal.wait(), 130, terminal.said)
            self.assertIn("nothing was written", terminal.said)
            self.assertEqual(self.files(), [])
        terminal = self.begin(fake.url)
        terminal.answer("Token (it is not shown): ", "\x04")
        self.assertEqual((terminal.wait(), self.files()), (130, []), terminal.said)

    def test_nothing_is_overwritten(self):
        for name in ("taskmirror.yaml", "asana.token"):
            path = os.path.join(self.folder, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write("mine")
            terminal = self.terminal("init", "--config", "taskmirror.yaml")
            self.assertEqual(terminal.wait(), 64, terminal.said)
            self.assertIn(f"{name} exists already", terminal.said)
            with open(path, encoding="utf-8") as file:
                self.assertEqual(file.read(), "mine")
            os.unlink(path)

    def test_an_api_that_does_not_answer(self):
        terminal = self.begin("http://127.0.0.1:9/api")
        terminal.answer("Token (it is not shown): ", support.TOKEN + "\n")
        self.assertEqual(terminal.wait(), 69, terminal.said)
        self.assertEqual(self.files(), [])

    def test_without_a_terminal_it_says_what_to_put_where(self):
        ended = self.run_to_end("init")
        self.assertEqual(ended.code, 64, ended)
        for word in ("terminal", "asana.token", "token_file", "taskmirror.yaml", "chmod 600"):
            self.assertIn(word, ended.err)
        self.assertEqual(self.files(), [])


if __name__ == "__main__":
    support.main()
