"""A real Ceph RGW on loopback: one monitor, one in-memory OSD, one gateway.

    with CephRgw() as ceph:
        ceph.s3.create_bucket(Bucket="photos")
        ceph.create_topic("t", "http://127.0.0.1:9999/events", persistent=True)
        ceph.notify("photos", "t", suffix=".jpg")

Everything lives in one temporary directory; nothing of a system-wide Ceph is read or written.
"""

import json
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
import uuid

import s3
from process import LOOPBACK, PeerError, Process, free_ports

USER = "peer"
START_TIMEOUT_S = 120
COMMAND_TIMEOUT_S = 60
START_ATTEMPTS = 2
DEFAULT_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
PROGRAMS = ("ceph", "ceph-authtool", "monmaptool", "ceph-mon", "ceph-osd", "radosgw")

CONF = """
[global]
fsid = {fsid}
mon host = [v2:{host}:{mon_v2}/0,v1:{host}:{mon_v1}/0]
public addr = {host}
cluster addr = {host}
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
run dir = {dir}
admin socket = {dir}/$name.asok
pid file =
log file = {dir}/$name.log
mon cluster log file = {dir}/cluster.log
crash dir = {dir}
keyring = {dir}/admin.keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 1

[mon.a]
mon data = {dir}/mon
keyring = {dir}/mon.keyring

[osd.0]
osd data = {dir}/osd
osd objectstore = memstore
memstore device bytes = 1073741824
keyring = {dir}/osd.keyring

[client.rgw.a]
keyring = {dir}/rgw.keyring
rgw data = {dir}/rgw
rgw frontends = beast endpoint={host}:{rgw}
rgw enable apis = s3, s3website, swift, sts, iam, notifications, admin
rgw thread pool size = 32
rgw cache enabled = true
rgw enable usage log = false
rgw enable gc threads = false
rgw enable lc threads = false
"""


class CephRgw:
    def __init__(self):
        self.dir = None
        self.daemons = []
        self.topics = {}  # name -> ARN

    def __enter__(self):
        missing = [name for name in PROGRAMS if shutil.which(name) is None]
        if missing:
            raise PeerError(f"missing: {', '.join(missing)}: run tests/peers/install.sh")
        for attempt in range(START_ATTEMPTS):
            self.dir = pathlib.Path(tempfile.mkdtemp(prefix="onput-ceph-"))
            try:
                self._start()
                return self
            except PeerError:  # most likely a port was lost between choosing and binding it
                self.__exit__()
                if attempt == START_ATTEMPTS - 1:
                    raise
            except BaseException:
                self.__exit__()
                raise

    def __exit__(self, *_):
        """The data is in memory and thrown away, so nothing is worth an orderly stop."""
        for daemon in reversed(self.daemons):
            daemon.kill()
        self.daemons.clear()
        shutil.rmtree(self.dir, ignore_errors=True)

    def _start(self):
        mon_v2, mon_v1, rgw = free_ports(3)
        self.fsid = str(uuid.uuid4())
        self.mon_addresses = f"[v2:{LOOPBACK}:{mon_v2},v1:{LOOPBACK}:{mon_v1}]"
        self.endpoint = f"http://{LOOPBACK}:{rgw}"
        self.conf = self.dir / "ceph.conf"
        ports = {"mon_v2": mon_v2, "mon_v1": mon_v1, "rgw": rgw}
        self.conf.write_text(CONF.format(fsid=self.fsid, dir=self.dir, host=LOOPBACK, **ports))
        for name in ("mon", "osd", "rgw"):
            (self.dir / name).mkdir()
        self._start_mon()
        self._start_osd()
        self._start_rgw()
        self._create_user()

    def _run(self, *argv):
        """A Ceph command to its end; returns what it printed on stdout."""
        words = [str(word) for word in argv]
        done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S)
        if done.returncode != 0:
            raise PeerError(f"{' '.join(words)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _ceph(self, *words):
        return self._run("ceph", "-c", self.conf, "--connect-timeout", 30, *words)

    def _daemon(self, *argv):
        name = pathlib.Path(argv[0]).name
        process = Process([*argv, "-c", self.conf, "-f"], self.dir / f"{name}.out")
        self.daemons.append(process)
        return process

    def _start_mon(self):
        keys, admin = self.dir / "mon.keyring", self.dir / "admin.keyring"
        tool = ("ceph-authtool", "--create-keyring")
        everything = [w for d in ("mon", "osd", "mgr", "mds") for w in ("--cap", d, "allow *")]
        self._run(*tool, admin, "--gen-key", "-n", "client.admin", *everything)
        self._run(*tool, keys, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        self._run("ceph-authtool", keys, "--import-keyring", admin)
        monmap = self.dir / "monmap"
        addresses = ("--addv", "a", self.mon_addresses)
        self._run("monmaptool", "--create", *addresses, "--fsid", self.fsid, monmap)
        mkfs = ("--mkfs", "--monmap", monmap, "--keyring", keys)
        self._run("ceph-mon", "-c", self.conf, "-i", "a", *mkfs)
        self._daemon("ceph-mon", "-i", "a")
        self._ceph("mon", "stat")  # the command itself waits for a quorum

    def _start_osd(self):
        identity = str(uuid.uuid4())
        if self._ceph("osd", "new", identity).strip() != "0":
            raise PeerError("the first OSD is not osd.0")
        self._keyring("osd.0", "osd.keyring", "mon", "allow profile osd", "osd", "allow *")
        self._run("ceph-osd", "-c", self.conf, "-i", "0", "--mkfs", "--osd-uuid", identity)
        osd = self._daemon("ceph-osd", "-i", "0")
        osd.wait_ready(self._osd_is_up, START_TIMEOUT_S)

    def _osd_is_up(self):
        return json.loads(self._ceph("osd", "stat", "-f", "json"))["num_up_osds"] == 1

    def _start_rgw(self):
        self._keyring("client.rgw.a", "rgw.keyring", "mon", "allow rw", "osd", "allow rwx")
        rgw = self._daemon("radosgw", "-n", "client.rgw.a")
        rgw.wait_ready(self._rgw_answers, START_TIMEOUT_S)

    def _keyring(self, name, file, *caps):
        self._ceph("auth", "get-or-create", name, *caps, "-o", self.dir / file)

    def _rgw_answers(self):
        try:
            with urllib.request.urlopen(self.endpoint, timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def _create_user(self):
        words = ("user", "create", "--uid", USER, "--display-name", USER)
        identity = ("-c", self.conf, "-n", "client.rgw.a")
        key = json.loads(self._run("radosgw-admin", *identity, *words))["keys"][0]
        self.access_key, self.secret_key = key["access_key"], key["secret_key"]
        self.s3 = s3.client(self.endpoint, self.access_key, self.secret_key)
        self.sns = s3.client(self.endpoint, self.access_key, self.secret_key, service="sns")

    def create_topic(self, name, push_endpoint, persistent=False, opaque=None):
        """A topic that POSTs to `push_endpoint`; a persistent one re-sends until it gets a 2xx."""
        attributes = {"push-endpoint": push_endpoint}
        if persistent:
            attributes["persistent"] = "true"
        if opaque is not None:
            attributes["OpaqueData"] = opaque
        answer = self.sns.create_topic(Name=name, Attributes=attributes)
        self.topics[name] = answer["TopicArn"]

    def notify(self, bucket, topic, events=DEFAULT_EVENTS, prefix="", suffix=""):
        """Make the bucket report to a topic as well."""
        topic = {"Id": "onput", "TopicArn": self.topics[topic], "Events": list(events)}
        rules = [{"Name": n, "Value": v} for n, v in (("prefix", prefix), ("suffix", suffix)) if v]
        if rules:
            topic["Filter"] = {"Key": {"FilterRules": rules}}
        self.s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic]}
        )

    def awscli(self, *words):
        return s3.awscli(self.endpoint, self.access_key, self.secret_key, *words)
