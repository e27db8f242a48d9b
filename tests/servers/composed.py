"""deploy/compose.yaml brought up without an engine: each container a process of this machine, on servers of its own.

Commands, environment, secrets, mounts, order of start and healthchecks are read from that file. What differs is the
place: every port is a free one of the loopback address, and Kafka and PostgreSQL are not those of their images.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.absent import ServerAbsent
from tests.servers.caddy import caddy_program
from tests.servers.compose import DEPLOY, Container, containers, read_compose
from tests.servers.container import ROOT, become, contained
from tests.servers.kafka import START
from tests.servers.mosquitto import mosquitto_program
from tests.servers.postgres import own_server, programs
from tests.servers.process import free_port, running

SERVERS = {"postgres": 5432, "kafka": 9092, "mosquitto": 1883}
"""Servers of the file, with the port by which the others reach each."""

_ASK_KAFKA = "import kafka, sys; kafka.KafkaAdminClient(bootstrap_servers=sys.argv[2])"

KAFKA_TOOLS = {"/opt/kafka/bin/kafka-broker-api-versions.sh": _ASK_KAFKA}
"""Programs of Kafka's image that its jars do not hold, and what does the same with the same arguments."""


@dataclass
class Composed:
    """An installation in a folder: its secrets, its volumes, and what runs."""

    folder: Path
    variables: Mapping[str, str]
    files: tuple[str, ...] = ("compose.yaml",)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        self.containers = containers(self.variables, *self.files)
        self.ports = {name: free_port() for name in (*self.containers, "controller")}
        subprocess.run([sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(self.secrets)], check=True)
        for path in self.secrets.glob("*_url"):
            self.keep_secret(path.name, self.here(path.read_text()))

    @property
    def secrets(self) -> Path:
        """Folder of the secrets."""
        return self.folder / "secrets"

    def keep_secret(self, name: str, text: str) -> None:
        """Write a secret anew."""
        (self.secrets / name).chmod(0o644)
        (self.secrets / name).write_text(text)

    def volume(self, name: str) -> Path:
        """Folder of a named volume."""
        path = self.folder / "volumes" / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> str:
        """What a container printed."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def here(self, text: str, own: str = "") -> str:
        """Text with addresses of the file turned into those of this machine; ``own`` is the container that says it."""
        for name, port in SERVERS.items():
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{self.ports[name]}")
        text = text.replace("kafka:9093", f"127.0.0.1:{self.ports['controller']}")
        inside = SERVERS.get(own, 8020)
        text = re.sub(rf"(127\.0\.0\.1[: ]|localhost:|//:){inside}\b", rf"\g<1>{self.ports.get(own, inside)}", text)
        return text.replace("//:9093", f"//127.0.0.1:{self.ports['controller']}").replace("//:", "//127.0.0.1:")

    def up(self) -> None:
        """Start everything in the order that the file asks for, and return when all that is awaited is well.

        Raises:
            RuntimeError: a container ended, or did not become well; its log is in the message.
        """
        waiting = [name for name, one in self.containers.items() if "profiles" not in one.given]
        waiting = [name for name in waiting if name not in self.processes]
        while waiting:
            name = next(name for name in waiting if not set(self.containers[name].awaits) & set(waiting))
            waiting.remove(name)
            for awaited, condition in self.containers[name].awaits.items():
                if condition == "service_healthy":
                    self.wait_until_well(awaited)
            self.start(name)
        for name in self.processes:
            self.wait_until_well(name)

    def start(self, name: str) -> None:
        """Start one container; a command that ends is waited for, and has to succeed."""
        container = self.containers[name]
        starts = {"postgres": self._start_postgres, "kafka": self._start_kafka}
        if name in starts:
            self.processes[name] = starts[name](container)
        elif container.given["restart"] == "no":
            done = self.run(name, *container.command)
            if done.returncode:
                raise RuntimeError(f"{name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        else:
            command, environment = self._enclosed(container, container.command)
            self.processes[name] = self._enter(name, command, environment)

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in a container of its own, as ``compose run --rm`` does."""
        enclosed, environment = self._enclosed(self.containers[name], list(command))
        return subprocess.run(enclosed, env=environment, capture_output=True, text=True, check=False)

    def enter(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside a container that runs, as ``compose exec`` does: as its user, with its rights."""
        pid, own = self.processes[name].pid, [] if os.geteuid() == 0 else ["--user"]
        numbers = become(str(self.containers[name].given.get("user", "")))
        inside = ["nsenter", f"--target={pid}", *own, "--mount", "--root", "--wd=/", *numbers, *command]
        environment = self._environment(self.containers[name])
        return subprocess.run(inside, env=environment, capture_output=True, text=True, check=False)

    def restart(self, name: str) -> None:
        """End a container, if it runs, start it anew, and return when it is well."""
        self.processes[name].terminate()
        self.processes[name].wait()
        self.start(name)
        self.wait_until_well(name)

    def kill(self, name: str) -> None:
        """End a container as a power cut would."""
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def down(self) -> None:
        """End everything, politely; volumes stay."""
        self._stack.close()
        self._stack = ExitStack()
        self.processes.clear()

    def lose(self, *volumes: str) -> None:
        """Remove volumes, while nothing runs."""
        for name in volumes:
            shutil.rmtree(self.folder / "volumes" / name)

    def is_well(self, name: str) -> bool:
        """What its healthcheck says."""
        return self.ask_health(name).returncode == 0

    def ask_health(self, name: str) -> subprocess.CompletedProcess[str]:
        """Run the healthcheck of a container, in it."""
        health = [self.here(word, name) for word in self.containers[name].health]
        environment = {"PATH": os.environ["PATH"]}
        if name == "postgres":
            environment |= {"PATH": f"{programs()}:{environment['PATH']}", "PGPORT": str(self.ports[name])}
        elif name == "kafka":
            health = [sys.executable, "-c", KAFKA_TOOLS[health[0]], *health[1:]]
        else:
            return self.enter(name, *self._programs_of(health))
        return subprocess.run(health, env=environment, capture_output=True, text=True, check=False)

    def wait_until_well(self, name: str) -> None:
        """Return when its healthcheck passes.

        Raises:
            RuntimeError: it does not within the patience of the file, or twice that on a busy machine.
        """
        deadline = time.monotonic() + 2 * self.containers[name].patience_s
        while (said := self.ask_health(name)).returncode:
            if time.monotonic() > deadline or self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} is not well: {said.stdout}{said.stderr}\n{self.log(name)[-4000:]}")
            time.sleep(0.2)

    def _enter(self, name: str, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        started = running(
            command,
            log=self.folder / f"{name}.log",
            ready=lambda: True,
            patience_s=10,
            environment=environment,
        )
        return self._stack.enter_context(started)

    def _enclosed(self, container: Container, command: list[str]) -> tuple[list[str], dict[str, str]]:
        """The command line of a container and its environment."""
        programs_of = {"proxy": [caddy_program(), "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]}
        if container.name == "mosquitto":
            program = [mosquitto_program(), "-c", "/mosquitto/config/mosquitto.conf"]
        else:
            program = programs_of.get(container.name) or _entry_point(command)
        files = {
            f"/run/secrets/{target}": self.secrets / _file_of(source) for target, source in container.secrets.items()
        }
        for mount in container.mounts:
            if not mount.is_volume:
                files[mount.target] = self._brought_here(container, DEPLOY / mount.source)
        user = str(container.given.get("user", ""))
        volumes = {mount.target: self.volume(mount.source) for mount in container.mounts if mount.is_volume}
        for path in volumes.values():
            if user:
                os.chown(path, *map(int, user.split(":")))
        if "/var/lib/coop" not in volumes:  # the image has the folder, in which nothing may be written
            files["/var/lib/coop"] = self.volume("nothing")
        enclosed = contained(
            program,
            files=files,
            volumes=volumes,
            scratch=container.scratch,
            read_only=container.is_read_only,
            user=user,
        )
        return enclosed, self._environment(container)

    def _environment(self, container: Container) -> dict[str, str]:
        environment = {name: self.here(value, container.name) for name, value in container.environment.items()}
        environment |= {"PATH": os.environ["PATH"], "HOME": "/tmp"}
        if container.name == "proxy":  # as in its image; and upstreams that compose's own names would lead to
            hosts = [f"http://{host}:{self.ports['proxy']}" for host in environment["SITE"].split(", ")]
            environment |= {"XDG_DATA_HOME": "/data", "XDG_CONFIG_HOME": "/config", "SITE": ", ".join(hosts)}
            return environment | {name.upper(): f"127.0.0.1:{port}" for name, port in self.ports.items()}
        if "COOP_PORT" in environment:
            environment |= {**_image_environment(), "PYTHONPATH": str(ROOT)}
            environment["COOP_PORT"] = str(self.ports[container.name])
        return environment

    def _brought_here(self, container: Container, source: Path) -> Path:
        """A file or folder of deploy/, with the addresses of this machine where it names one to listen at."""
        if container.name != "mosquitto":
            return source
        copy = self.folder / "brought" / source.relative_to(DEPLOY)
        shutil.copytree(source, copy, dirs_exist_ok=True)
        for path in copy.rglob("*.conf"):
            text = path.read_text().replace("listener 1883", f"listener {self.ports['mosquitto']} 127.0.0.1")
            path.write_text(text.replace("listener 8883", f"listener {self.ports['controller']} 127.0.0.1"))
        return copy

    def _programs_of(self, health: list[str]) -> list[str]:
        """A healthcheck with the programs of this machine, which may have no nc and another Python."""
        if health[0] == "python":
            return [sys.executable, *health[1:]]
        probe = "bash -c ': > /dev/tcp/$0/$1'"
        return [word.replace("nc -z", probe) for word in health]

    def _start_postgres(self, container: Container) -> subprocess.Popen[bytes]:
        """A server on the volume; on an empty one it runs what is mounted for that, as the image does."""
        data, port = self.volume("postgres-data"), self.ports["postgres"]
        is_new = not any(data.iterdir())
        password = self.secrets / _file_of("postgres_password")
        process = self._stack.enter_context(own_server(data, port, password, self.folder / "postgres.log"))
        [mount] = [mount for mount in container.mounts if mount.target == "/docker-entrypoint-initdb.d"]
        environment = {
            **container.environment,
            "PATH": f"{programs()}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGPASSWORD": password.read_text(),
        }
        secrets = {f"/run/secrets/{name}": self.secrets / name for name in container.secrets}
        for script in sorted((DEPLOY / mount.source).glob("*.sh")) if is_new else ():
            files = {**secrets, mount.target: DEPLOY / mount.source}
            command = contained([f"{mount.target}/{script.name}"], files=files, volumes={}, scratch=["/tmp"])
            subprocess.run(command, env=environment, check=True)
        return process

    def _start_kafka(self, container: Container) -> subprocess.Popen[bytes]:
        """A broker under the settings that the image would make of the environment."""
        data = self.volume("kafka-data")
        settings = {
            name.removeprefix("KAFKA_").lower().replace("_", "."): self.here(value, "kafka")
            for name, value in container.environment.items()
            if name != "KAFKA_HEAP_OPTS"
        }
        settings["log.dirs"] = str(data)
        file = self.folder / "server.properties"
        file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        base = ["java", "-Dorg.apache.logging.log4j.level=WARN", "-cp", f"{_jars()}/*"]
        form = ["kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", "Y29vcC1vbi1vbmUtbm9kZQ", "-c"]
        subprocess.run([*base, *form, str(file)], check=True, capture_output=True)
        heap = container.environment["KAFKA_HEAP_OPTS"].split()
        return self._enter("kafka", [base[0], *heap, *base[1:], "kafka.Kafka", str(file)], os.environ)


@contextmanager
def composed(folder: Path, variables: Mapping[str, str]) -> Iterator[Composed]:
    """The installation, up.

    Raises:
        ServerAbsent: this machine lacks a server, or gives no process mounts of its own.
    """
    if shutil.which("nsenter") is None:
        raise ServerAbsent("no nsenter on this machine (Debian: apt-get install util-linux)")
    house = Composed(folder, variables)
    try:
        house.up()
        yield house
    finally:
        house.down()


def _file_of(secret: str) -> str:
    """Name of the file of a secret, as the file says."""
    return Path(read_compose()["secrets"][secret]["file"]).name


def _image_environment() -> dict[str, str]:
    """What the image sets; the program is this folder's own."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text()).split("\nFROM ")[-1]
    words = [word for line in re.findall(r"^ENV (.+)$", text, re.MULTILINE) for word in shlex.split(line)]
    return {name: value for name, value in (word.split("=", 1) for word in words) if name != "PATH"}


def _entry_point(command: list[str]) -> list[str]:
    return [sys.executable, "-m", "coop", *command]


def _jars() -> str:
    done = subprocess.run([sys.executable, str(START), "--fetch-only"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerAbsent(done.stderr.strip())
    return done.stdout.strip()
