"""A PostgreSQL of our own: Unix socket only, peer rule, UTC, UTF-8.

It never syncs: the stage's data lives as long as the stage does.
"""

import glob
import os
import re
import signal
import subprocess
import time

import psycopg2
from psycopg2 import extensions

from .place import ROOT
from .process import NotReady, Process

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{socket}'
hba_file = '{etc}/pg_hba.conf'
ident_file = '{etc}/pg_ident.conf'
timezone = 'UTC'
log_timezone = 'UTC'
log_statement = 'none'
max_connections = 200
fsync = off
synchronous_commit = off
full_page_writes = off
include '{etc}/hauspost.conf'
"""

# Whatever the type, what psql would print.
AS_TEXT = extensions.new_type(
    tuple(extensions.string_types), "AS_TEXT", lambda text, cursor: text
)


class SqlError(Exception):
    """What PostgreSQL said when a statement failed."""


class Postgres:
    def __init__(self, place):
        self.place = place
        self.data = place / "pg" / "data"
        self.socket = place / "pg"
        # Fast shutdown: roll back and go, don't wait for clients to leave.
        self.process = Process(place, "postgres", signal.SIGINT)
        self.connections = {}

    def start(self):
        if not self.data.exists():
            self._initialise()
        self.process.start(
            [program("postgres"), "-D", self.data], self._probe, "postgres"
        )

    def stop(self):
        self.process.stop()

    def _initialise(self):
        self.place.folder("pg", "postgres")
        initdb = [program("initdb"), "-D", self.data, "-U", "postgres"]
        initdb += ["--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8"]
        done = subprocess.run(
            [*initdb, "--no-sync", "--no-instructions"],
            user="postgres",
            group="postgres",
            extra_groups=[],
            cwd="/",
            text=True,
            capture_output=True,
        )
        if done.returncode:
            raise NotReady(f"initdb:\n{done.stdout}{done.stderr}")
        etc = self.place / "etc" / "postgresql"
        settings = SETTINGS.format(socket=self.socket, etc=etc)
        with open(self.data / "postgresql.conf", "a") as conf:
            conf.write(settings)

    def _probe(self):
        try:
            self.query("SELECT 1", database="postgres")
        except SqlError as error:
            raise OSError(str(error))

    def conninfo(self, database="hauspost"):
        return f"host={self.socket} dbname={database}"

    def query(self, sql, database="hauspost", role="postgres", **values):
        """The rows of sql, columns as text (NULL is None). Values are data:
        they stand in sql as :'name'."""
        known = (database, role) in self.connections
        connection = self._connect(database, role)
        try:
            return self._rows(connection, sql, values)
        except psycopg2.Error as error:
            if connection.closed:
                del self.connections[database, role]
                if known:  # the server went away in the meantime: once more
                    return self.query(sql, database, role, **values)
            raise SqlError(str(error))

    def _connect(self, database, role):
        """Kept open: a process for each query would cost most of a test."""
        if (database, role) not in self.connections:
            try:
                connection = psycopg2.connect(
                    f"{self.conninfo(database)} user={role}"
                )
            except psycopg2.OperationalError as error:
                raise SqlError(str(error))
            connection.autocommit = True
            extensions.register_type(AS_TEXT, connection)
            self.connections[database, role] = connection
        return self.connections[database, role]

    @staticmethod
    def _rows(connection, sql, values):
        sql = re.sub(r":'(\w+)'", r"%(\1)s", sql.replace("%", "%%"))
        literals = {name: str(value) for name, value in values.items()}
        with connection.cursor() as cursor:
            cursor.execute(sql, literals)
            rows = list(map(list, cursor)) if cursor.description else []
            # What this one SET is not the next one's.
            cursor.execute("RESET ALL")
        return rows

    def alter_system(self, change):
        """SET name = value, or RESET name; every session has it afterwards."""
        loaded = "SELECT pg_conf_load_time()"
        before = self.query(loaded, "postgres")
        self.query(f"ALTER SYSTEM {change}", "postgres")
        self.query("SELECT pg_reload_conf()", "postgres")
        while self.query(loaded, "postgres") == before:
            time.sleep(0.01)

    def forget(self, database):
        """Leave a database that is to be copied or dropped."""
        for key in [k for k in self.connections if k[0] == database]:
            self.connections.pop(key).close()

    def run_file(self, path, database="hauspost", **settings):
        """Run a file of SQL. Settings (mail_root) are what it reads with
        current_setting('hauspost.…')."""
        options = [f"-c hauspost.{k}={v}" for k, v in settings.items()]
        done = subprocess.run(
            ["psql", "-Xqt", "-v", "ON_ERROR_STOP=1", "-f", path]
            + ["-d", f"{self.conninfo(database)} user=postgres"],
            text=True,
            capture_output=True,
            env=os.environ | {"PGOPTIONS": " ".join(options)},
        )
        if done.returncode:
            raise SqlError(done.stderr)

    def new_database(self, name="hauspost"):
        """A database with the schema in it. The migrations run once; each
        further database is a copy of the first, which takes milliseconds."""
        have = self.query("SELECT datname FROM pg_database", "postgres")
        if ["hauspost_template"] not in have:
            self.query("CREATE DATABASE hauspost_template", "postgres")
            self.migrate("hauspost_template")
        self.query(
            f"CREATE DATABASE {name} TEMPLATE hauspost_template", "postgres"
        )
        return self.conninfo(name)

    def drop_database(self, name):
        self.forget(name)
        self.query(f"DROP DATABASE {name} WITH (FORCE)", "postgres")

    def migrate(self, database):
        """Apply what is new in sql/, with the command that admins use."""
        config = self.place / "etc" / f"{database}.conf"
        config.write_text(
            f"[hauspost]\nnode = any\ndatabase = {self.conninfo(database)}\n"
        )
        done = subprocess.run(
            [self.place / "bin" / "hauspost", "--config", config]
            + ["db", "migrate"],
            text=True,
            capture_output=True,
            env=os.environ | {"HAUSPOST_SQL": str(ROOT / "sql")},
        )
        if done.returncode:
            raise SqlError(done.stderr)


def program(name):
    """Debian keeps the server's programs in a folder with its version."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    if not found:
        raise NotReady(f"{name} is missing: run conf/install-packages")
    return found[-1]
