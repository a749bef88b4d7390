"""A Chromium without a window, told what to do through a pipe (the DevTools
protocol), so that nothing but Debian's package is needed."""

import base64
import fcntl
import json
import os
import select
import subprocess

PROGRAM = "/usr/bin/chromium"
TIMEOUT_S = 60


def pipe():
    """A pipe whose numbers are none of those it becomes in the child."""
    low = os.pipe()
    high = tuple(fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in low)
    for fd in low:
        os.close(fd)
    return high


class Browser:
    """Every host name leads to one port of this machine."""

    def __init__(self, place, port, *options):
        self.messages, self.events, self.number = b"", [], 0
        command, self.commands = pipe()
        self.answers, answer = pipe()
        # It reads at 3 and writes at 4; dash knows no numbers above 9. As root
        # it cannot sandbox itself.
        script = f'exec "$@" 3<&{command} 4>&{answer} {command}<&- {answer}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "bash", PROGRAM, "--headless", "--no-sandbox"]
            + ["--remote-debugging-pipe", "--disable-gpu", "--no-first-run"]
            + ["--disable-background-networking", "--disable-component-update"]
            + ["--disable-dev-shm-usage", "--hide-scrollbars"]
            + [f"--user-data-dir={place.folder('browser')}"]
            + [f"--host-resolver-rules=MAP * 127.0.0.1:{port}", *options],
            pass_fds=(command, answer),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(place.folder("browser"))},
        )
        os.close(command)
        os.close(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        os.close(self.answers)
        self.process.terminate()
        self.process.wait(TIMEOUT_S)

    def ask(self, method, session=None, **params):
        self.number += 1
        words = {"id": self.number, "method": method, "params": params}
        if session:
            words["sessionId"] = session
        os.write(self.commands, json.dumps(words).encode() + b"\0")
        while True:
            message = self.read()
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self.events.append(message)

    def read(self):
        while b"\0" not in self.messages:
            ready, _, _ = select.select([self.answers], [], [], TIMEOUT_S)
            octets = os.read(self.answers, 1 << 16) if ready else b""
            if not octets:
                raise ConnectionError("Chromium is silent")
            self.messages += octets
        message, _, self.messages = self.messages.partition(b"\0")
        return json.loads(message)

    def page(self, language, width, height=800):
        return Page(self, language, width, height)


class Page:
    """A tab; scripts of what it shows do not run."""

    def __init__(self, browser, language, width, height):
        self.browser = browser
        target = browser.ask("Target.createTarget", url="about:blank")
        self.id = target["targetId"]
        self.session = browser.ask(
            "Target.attachToTarget", targetId=self.id, flatten=True
        )["sessionId"]
        for domain in ("Page", "Log", "Network"):
            self.ask(f"{domain}.enable")
        self.ask("Emulation.setScriptExecutionDisabled", value=True)
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask(
            "Network.setExtraHTTPHeaders", headers={"Accept-Language": language}
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.browser.ask("Target.closeTarget", targetId=self.id)

    def ask(self, method, **params):
        return self.browser.ask(method, self.session, **params)

    def open(self, url):
        self.loading(lambda: self.ask("Page.navigate", url=url))

    def loading(self, action):
        """Do what makes it load a page, and wait until it has."""
        self.browser.events.clear()
        action()
        while not self.seen("Page.loadEventFired"):
            self.browser.events.append(self.browser.read())

    def seen(self, method):
        return [e["params"] for e in self.browser.events if e["method"] == method]

    def press_enter(self):
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        self.ask("Input.dispatchKeyEvent", type="keyDown", text="\r", **key)

    def tell(self, expression):
        """The value of a JavaScript expression: ours runs, the page's not."""
        result = self.ask(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def picture(self, clip=None):
        params = {"clip": {**clip, "scale": 2}} if clip else {}
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True, **params)
        return base64.b64decode(shot["data"])
