"""The command `hauspost` against one database of the stage."""

import itertools
import json
import os
import subprocess

from stage import ROOT


class Command:
    counter = itertools.count()

    def __init__(self, postgres, name, **settings):
        """settings: keys of [cli], and `database` for another conninfo."""
        self.program = postgres.place / "bin" / "hauspost"
        number = next(self.counter)
        self.config = postgres.place / "etc" / f"{name}-cli-{number}.conf"
        conninfo = settings.pop("database", postgres.conninfo(name))
        lines = ["[hauspost]", "node = h01.hosting.example"]
        lines += [f"database = {conninfo}", "[cli]", f"sql = {ROOT / 'sql'}"]
        lines += [f"{key} = {value}" for key, value in settings.items()]
        self.config.write_text("\n".join(lines) + "\n")

    def __call__(self, *words, stdin="", code=0, **environment):
        """Run it; stdout and stderr as text. code: how it must end."""
        done = subprocess.run(
            [self.program, "--config", self.config, *words],
            input=stdin,
            text=True,
            capture_output=True,
            timeout=120,
            env={**os.environ, "LC_ALL": "C.UTF-8", **environment},
        )
        assert done.returncode == code, (words, done)
        return done

    def json(self, *words, **options):
        return json.loads(self("--json", *words, **options).stdout)

    def refused(self, *words, code=65, **options):
        """What it says when it refuses."""
        done = self(*words, code=code, **options)
        assert done.stdout == "", done
        return done.stderr
