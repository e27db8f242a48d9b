"""The installation of deploy/compose.yaml, whole: its commands, secrets, roles, mounts and healthchecks as that file
says, with two co-operatives that live through their first bills in it; copied while it runs, lost, and restored."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import paho.mqtt.client as paho
import psycopg
import pytest
import yaml
from kafka import KafkaProducer
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import Table, select

from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.events import SERVICES
from coop.kit import journal
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.metering.intake.kafka import TOPIC
from coop.operator.chain import CHAIN_CHECK
from coop.operator.runtime import open_rooms
from tests.flows.addresses import NAMES, WORDS, fill, guarded_routes, parameters_of
from tests.flows.telegrams import head_end
from tests.flows.town import EVERYBODY, close_rooms, dump
from tests.live.house import NOORD, PLANS, ZUID, House, host_of, wait_until
from tests.metering.homes import latest_values
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.compose import DEPLOY
from tests.servers.composed import composed
from tests.servers.container import ROOT

pytestmark = [pytest.mark.live, pytest.mark.mqtt]

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")


def ids_in(rows: dict[str, list[tuple[Any, ...]]]) -> set[str]:
    """Ids and hashes in rows, but for those that begin with zeros: documents of the API have them as examples."""
    return {found for table in rows.values() for found in ID.findall(repr(table)) if not found.startswith("00000000")}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Both are founded while the installation runs, and live at the same time."""
    folder = tmp_path_factory.mktemp("composed")
    try:
        with composed(folder, {"SITE": f"{host_of(NOORD)}, {host_of(ZUID)}"}) as brought_up:
            house = House(brought_up, folder)
            for community in PLANS:
                names = [
                    "--name",
                    f"{community} U.A.",
                    "--host",
                    host_of(community),
                    "--mail-sender",
                    f"bestuur@{host_of(community)}",
                ]
                house.command(
                    "community", "add", community, "--demonstration", *names, "--site-name", f"{community} U.A."
                )
            lives = [threading.Thread(target=house.play, args=[community]) for community in PLANS]
            for life in lives:
                life.start()
            for life in lives:
                life.join()
            yield house
    except ServerAbsent as reason:
        skip_or_fail(reason)


@pytest.fixture(scope="module")
def rooms(house: House) -> Iterator[dict[str, Room]]:
    """The databases, as their owner sees them."""
    url = (house.composed.secrets / "coop_owner_database_url").read_text()
    opened = open_rooms(Settings(secret="secret of the tests", database_url=url), migrate=False)
    yield opened
    close_rooms(opened)


def test_every_service_is_ready_at_its_own_port_and_every_healthcheck_passes(house: House) -> None:
    for name in SERVICES:
        ready = httpx2.get(f"http://127.0.0.1:{house.composed.ports[name]}/readyz")
        assert ready.status_code == 200, ready.text
        assert {f"database {name}", f"relay {name}", "kafka"} <= set(ready.json()["parts"]), ready.text
        assert ("mqtt" in ready.json()["parts"]) == (name == "metering")
        assert httpx2.get(f"{house.url}/{name}/readyz", headers={"host": host_of(NOORD)}).json()["ready"] is True
    for name in house.composed.processes:
        said = house.composed.ask_health(name)
        assert said.returncode == 0, (name, said.stderr)


@pytest.mark.parametrize("service", SERVICES)
def test_kubernetes_starts_the_same_commands_and_its_probes_are_answered(house: House, service: str) -> None:
    manifests = yaml.safe_load_all((DEPLOY / "kubernetes" / f"30-{service}.yaml").read_text())
    [deployment] = [manifest for manifest in manifests if manifest["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == house.composed.containers[service].command
    for kind in ("startup", "liveness", "readiness"):
        probe = container[f"{kind}Probe"]
        url = f"http://127.0.0.1:{house.composed.ports[service]}{probe['httpGet']['path']}"
        assert httpx2.get(url, timeout=probe.get("timeoutSeconds", 5)).status_code == 200, kind


def test_somebody_signs_in_through_the_proxy_and_reads_the_documents_of_all_four(house: House) -> None:
    account = accounts(PLANS[NOORD])[0]
    host = {"host": host_of(NOORD)}
    form = {"email": account.login, "password": password(PLANS[NOORD], account)}
    entered = httpx2.post(f"{house.url}/members/sign-in", data=form, headers=host)
    assert entered.status_code == 303, entered.text
    assert "; Secure" in entered.headers["set-cookie"]
    cookie = entered.headers["set-cookie"].split(";")[0]
    mine = httpx2.get(f"{house.url}/billing/api/v1/bills", headers={**host, "cookie": cookie})
    assert mine.status_code == 200, mine.text
    assert mine.json()
    paths = httpx2.get(f"{house.url}/openapi.json", headers=host, timeout=60).json()["paths"]
    assert {path.split("/")[1] for path in paths} >= set(SERVICES)
    abroad = httpx2.get(f"{house.url}/billing/api/v1/bills", headers={"host": host_of(ZUID), "cookie": cookie})
    assert abroad.status_code == 401, "a sign-in at one is none at the other"


def test_bills_are_issued_and_every_one_is_verified(house: House) -> None:
    said = house.command("verify", "--all")
    assert len(re.findall(r"[1-9]\d* bills verified, 0 do not agree", said)) == len(PLANS), said
    assert house.command("migrate", "--check", "--roles").count("up to date") == len(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_works_as_a_role_that_owns_nothing_and_reads_no_other(house: House, service: str) -> None:
    url = (house.composed.secrets / f"{service}_database_url").read_text().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT current_user, count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert row.fetchone() == (f"coop_{service}", 0)
        connection.execute("SET coop.community = '*'")
        for other in SERVICES:
            question = f"SELECT count(*) FROM {other}.journal".encode()
            if other == service:
                assert connection.execute(question).fetchone() != (0,)
                continue
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(question)


@pytest.mark.parametrize("name", [*SERVICES, "proxy", "mosquitto"])
def test_a_container_writes_where_compose_lets_it_and_nowhere_else(house: House, name: str) -> None:
    container = house.composed.containers[name]
    places = {"/", "/etc", "/usr", "/opt", str(ROOT), "/run/secrets"}
    tries = f"for place in {' '.join(sorted(places))}; do touch $place/probe 2>/dev/null && echo $place; done; true"
    assert house.composed.enter(name, "sh", "-c", tries).stdout == ""
    for mount in container.mounts:
        tried = house.composed.enter(name, "touch", f"{mount.target}/probe")
        assert (tried.returncode == 0) == mount.writable, (mount, tried.stderr)
    assert "CapEff:\t0000000000000000" in house.composed.enter(name, "cat", "/proc/1/../self/status").stdout


def test_no_list_page_or_answer_of_one_holds_an_id_of_the_other(house: House, rooms: dict[str, Room]) -> None:
    dumps = {community: dump(rooms, community) for community in PLANS}
    ids = {community: ids_in(rows) for community, rows in dumps.items()}
    for service in SERVICES:
        assert all(any(rows for name, rows in dumped.items() if name.startswith(service)) for dumped in dumps.values())
    for community, other in ((NOORD, ZUID), (ZUID, NOORD)):
        theirs, seen = ids[other] - ids[community], set()
        with house.enter(community, *EVERYBODY) as client:
            for route in guarded_routes(Settings(data_dir=house.folder / "routes", secret="secret of the tests")):
                if "GET" in (route.methods or ()) and NAMES.isdisjoint(parameters_of(route)):
                    answer = client.get(fill(route, WORDS), params={"lang": "en"})
                    assert answer.status_code < 500, (route.path, answer.text)
                    found = set(ID.findall(answer.text))
                    assert not found & theirs, f"{route.path} shows {found & theirs}"
                    assert f"{other} U.A." not in answer.text, route.path
                    seen |= found
        assert len(seen & ids[community]) > 50, "its own are shown"


def test_an_id_of_one_is_nothing_at_the_other(house: House) -> None:
    with house.enter(NOORD, *EVERYBODY) as noord, house.enter(ZUID, *EVERYBODY) as zuid:
        bill = noord.get("/billing/api/v1/bills").json()[0]
        resolution_id = next(iter(noord.get("/governance/api/v1/state").json()["resolutions"]))
        for path in (
            f"/billing/api/v1/bills/{bill['bill_id']}",
            f"/billing/bills/{bill['bill_id']}.pdf",
            f"/governance/api/v1/resolutions/{resolution_id}",
        ):
            assert noord.get(path).status_code == 200, path
            assert zuid.get(path).status_code == 404, path
        paper = noord.get(f"/billing/bills/{bill['bill_id']}", headers={"accept": "text/html"}).text
        assert "noord U.A." in paper
        assert "zuid U.A." not in paper


def test_counts_jobs_and_dead_letters_are_those_of_one(house: House, rooms: dict[str, Room]) -> None:
    for community in PLANS:
        with house.enter(community, *EVERYBODY) as client:
            for name, room in rooms.items():
                kinds = [row.type for row in rows_with_names(room, journal.journal, community)]
                assert client.get(f"/{name}/api/v1/traffic").json()["told"] == Counter(kinds)
                letters = {letter["id"] for letter in client.get(f"/{name}/api/v1/dead-letters").json()}
                assert letters == {
                    row.id for row in rows_with_names(room, dead_letter, community) if not row.resolved_at
                }
    with house.enter(NOORD, *EVERYBODY) as noord, house.enter(ZUID, *EVERYBODY) as zuid:
        path = f"/billing/api/v1/jobs/{CHAIN_CHECK.name}"
        noord.post(path, json={"enabled": False}).raise_for_status()
        enabled = [
            next(job["enabled"] for job in client.get("/billing/api/v1/jobs").json() if job["name"] == CHAIN_CHECK.name)
            for client in (noord, zuid)
        ]
        assert enabled == [False, True]
        noord.post(path, json={"enabled": True}).raise_for_status()


def rows_with_names(room: Room, table: Table, community: str) -> list[Any]:
    """Every row of a table that is a co-operative's, by the names of its columns."""
    with room.database.read(community) as tx:
        return list(tx.execute(select(table).where(table.c.community == tx.community)))


def test_a_telegram_reaches_the_co_operative_of_its_topic_or_its_header(house: House, rooms: dict[str, Room]) -> None:
    passwords = {}
    for community in PLANS:
        let_in(house, community)
        command = [sys.executable, str(DEPLOY / "make-secrets"), "--folder", str(house.composed.secrets)]
        told = subprocess.run([*command, "--gateway", f"{community}/gw"], capture_output=True, text=True, check=True)
        passwords[community] = re.findall(r"user (\S+), password (\S+),", told.stdout)[0]
    house.composed.restart("mosquitto")
    wait_until(lambda: house.ready("metering")["mqtt"] == "ok")
    producer = KafkaProducer(bootstrap_servers=f"127.0.0.1:{house.composed.ports['kafka']}")
    values = {NOORD: ([5, 6], [1]), ZUID: ([7, 8, 9], [2, 3])}
    for community, (by_mqtt, by_kafka) in values.items():
        for other in PLANS:  # its own password opens its own topic alone
            publish(house, passwords[community], f"coop/{other}/gw/head-end", batch("2025-01-15", by_mqtt))
        publish(house, passwords[community], f"coop/{community}/gw/p1", f"no telegram of {community}".encode())
        headers = [("community", community.encode()), ("gateway", b"gw"), ("format", b"head-end")]
        producer.send(TOPIC, batch("2025-01-16", by_kafka), key=b"gw", headers=headers)
    producer.send(TOPIC, batch("2025-01-16", [4]), key=b"gw", headers=[("community", b"nobody"), *headers[1:]])
    producer.flush()
    producer.close()
    for community, (by_mqtt, by_kafka) in values.items():
        wait_until(partial(has_values, rooms, community, by_mqtt + by_kafka))
        with house.enter(community, *EVERYBODY) as client:
            wait_until(partial(holds, client, "/metering/api/v1/parked", f"no telegram of {community}"))
            bodies = [letter["body"] for letter in client.get("/metering/api/v1/parked").json()]
        assert [body for body in bodies if "no telegram" in body] == [f"no telegram of {community}"]
    for_nobody = house.composed.run("coop", "deadletters", "metering", "--community", "?").stdout.splitlines()
    assert for_nobody[-1] == "1 parked"
    assert "there is no co-operative" in for_nobody[0]


def has_values(rooms: dict[str, Room], community: str, values: list[int]) -> bool:
    return values_of(rooms, community) == values


def holds(client: httpx2.Client, path: str, words: str) -> bool:
    return words in client.get(path).text


def let_in(house: House, community: str) -> None:
    """Give a co-operative the meter E1 and a gateway ``gw`` that speaks for it."""
    with house.enter(community, *EVERYBODY) as client:
        meter = {"serial": "E1", "kind": "electricity", "installed_on": "2024-12-01"}
        client.post("/metering/api/v1/meters", json=[meter]).raise_for_status()
        gateway = {"name": "Box", "scopes": ["write:readings"], "gateway": "gw", "meters": ["E1"], "has_token": False}
        before = heard_tokens(client)
        client.post("/members/api/v1/programs", json=gateway).raise_for_status()
        wait_until(lambda: heard_tokens(client) > before)


def heard_tokens(client: httpx2.Client) -> int:
    """How many programs' tokens metering has heard of."""
    heard = client.get("/metering/api/v1/traffic").json()["heard"]
    return int(heard.get("members.program-token-made.v1", 0))


def batch(day: str, values: list[int]) -> bytes:
    return head_end({"meter": "E1", "start": f"{day}T00:00:00Z", "values": values})


def publish(house: House, signs_in_as: tuple[str, str], topic: str, body: bytes) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, f"gateway {signs_in_as[0]}")
    client.username_pw_set(*signs_in_as)
    client.connect("127.0.0.1", house.composed.ports["mosquitto"])
    client.loop_start()
    told = client.publish(topic, body, qos=1)
    told.wait_for_publish(60)
    assert told.is_published(), topic
    client.disconnect()
    client.loop_stop()


def values_of(rooms: dict[str, Room], community: str) -> list[int]:
    """Quarter-hours of the meter E1 that a co-operative has."""
    series = latest_values(rooms["metering"].database, community).get(("E1", "electricity_import", "interval"), {})
    return [value for value, _ in series.values()]


def test_a_broker_that_is_away_is_named_and_green_again_when_it_is_back(house: House) -> None:
    house.composed.kill("mosquitto")
    wait_until(lambda: "MQTT broker is away" in house.ready("metering")["mqtt"])
    assert 'coop_part_up{part="mqtt"} 0.0' in house.metrics("metering")
    assert not house.composed.is_well("metering"), "its healthcheck says so too"
    outside = httpx2.get(f"{house.url}/metering/readyz", headers={"host": host_of(NOORD)})
    assert (outside.status_code, outside.json()["parts"]["mqtt"]) == (503, "trouble"), "no words of servers outside"
    house.composed.restart("mosquitto")
    wait_until(lambda: house.ready("metering")["mqtt"] == "ok")
    assert 'coop_part_up{part="mqtt"} 1.0' in house.metrics("metering")
    assert house.composed.is_well("metering")


def test_a_backup_of_the_running_four_is_restored_where_everything_was_lost(house: House) -> None:
    """The last test: it takes the installation away."""
    stop = threading.Event()
    told: list[int] = []

    def go_on() -> None:
        """Members come in while the backup is made."""
        while not stop.is_set():
            lines = f"number,kind,name,joined_on\nx{len(told)},tenant,Member {len(told)},2025-03-01\n"
            with house.enter(NOORD, *EVERYBODY) as client:
                path = "/members/api/v1/imports/members?file_name=members.csv"
                client.post(path, content=lines, headers={"content-type": "text/csv"}).raise_for_status()
            told.append(len(told))

    life = threading.Thread(target=go_on)
    life.start()
    try:
        wait_until(lambda: len(told) > 1)
        house.command("backup", "--to", "/var/backups/coop")
    finally:
        stop.set()
        life.join()
    before = house.states()
    house.composed.down()
    house.composed.lose("postgres-data", "kafka-data", "coop-data", "mosquitto-data")
    [backup] = house.composed.volume("backups").glob("*")
    for name in ("postgres", "kafka", "mosquitto"):
        house.composed.start(name)
        house.composed.wait_until_well(name)
    assert "every chain is whole" in house.command("restore", f"/var/backups/coop/{backup.name}")
    house.composed.up()
    for name in SERVICES:
        assert set(house.ready(name).values()) == {"ok"}
    after = house.states()
    assert after == before
    said = house.command("verify", "--all")
    assert len(re.findall(r"[1-9]\d* bills verified, 0 do not agree", said)) == len(PLANS), said
