"""A raw client: requests and responses after src/api/kafka/messages.json, bytes where a test wants bytes."""
import json
import pathlib
import socket
import struct

TABLE = pathlib.Path(__file__).resolve().parents[2] / "src/api/kafka/messages.json"
APIS = {api["name"]: api for api in json.loads(TABLE.read_text())}
NUMBERS = {"int8": ">b", "int16": ">h", "int32": ">i", "int64": ">q", "uint16": ">H", "bool": ">?"}


def inside(version, span):
    if not span:
        return False
    low, _, high = span.partition("-")
    return int(low) <= version <= int(high or low)


def uvarint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def element(field):
    """The array may be null; its elements may not."""
    return {k: v for k, v in field.items() if k != "nullable"}


def encode_value(kind, value, version, flex, field):
    if kind in NUMBERS:
        return struct.pack(NUMBERS[kind], value)
    if kind == "uuid":
        return value
    if kind.startswith("[]"):
        if value is None:
            return b"\0" if flex else b"\xff\xff\xff\xff"
        head = uvarint(len(value) + 1) if flex else struct.pack(">i", len(value))
        return head + b"".join(encode_value(kind[2:], v, version, flex, element(field)) for v in value)
    if kind == "string":
        if value is None:
            return b"\0" if flex else b"\xff\xff"
        raw = value.encode()
        return (uvarint(len(raw) + 1) if flex else struct.pack(">h", len(raw))) + raw
    if kind in ("bytes", "records"):
        if value is None:
            return b"\0" if flex else b"\xff\xff\xff\xff"
        return (uvarint(len(value) + 1) if flex else struct.pack(">i", len(value))) + value
    if "nullable" in field and not kind.startswith("[]") and inside(version, field["nullable"]):
        if value is None:
            return b"\xff"
        return b"\1" + encode_struct(field["fields"], value, version, flex)
    return encode_struct(field["fields"], value, version, flex)


def default_of(field):
    kind, value = field["type"], field.get("default")
    if value == "null":
        return None
    if kind.startswith("[]"):
        return []
    if kind == "string":
        return value or ""
    if kind in ("bytes", "records"):
        return b""
    if kind == "bool":
        return str(value).lower() == "true"
    if kind == "uuid":
        return bytes(16)
    if kind in NUMBERS:
        return int(str(value or 0), 0)
    return {}


def encode_struct(fields, values, version, flex):
    unknown = set(values) - {f["name"] for f in fields}
    assert not unknown, unknown
    out = b""
    for field in fields:
        if "tag" in field or not inside(version, field["versions"]):
            continue
        out += encode_value(field["type"], values.get(field["name"], default_of(field)), version, flex, field)
    return out + (b"\0" if flex else b"")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        assert n >= 0 and self.at + n <= len(self.data), "short response"
        self.at += n
        return self.data[self.at - n:self.at]

    def uvarint(self):
        out = shift = 0
        while True:
            byte = self.take(1)[0]
            out |= (byte & 0x7F) << shift
            if byte < 0x80:
                return out
            shift += 7

    def value(self, kind, version, flex, field):
        if kind in NUMBERS:
            size = struct.calcsize(NUMBERS[kind])
            return struct.unpack(NUMBERS[kind], self.take(size))[0]
        if kind == "uuid":
            return self.take(16)
        if kind.startswith("[]"):
            n = self.uvarint() - 1 if flex else struct.unpack(">i", self.take(4))[0]
            return None if n < 0 else [self.value(kind[2:], version, flex, element(field)) for _ in range(n)]
        if kind == "string":
            n = self.uvarint() - 1 if flex else struct.unpack(">h", self.take(2))[0]
            return None if n < 0 else self.take(n).decode()
        if kind in ("bytes", "records"):
            n = self.uvarint() - 1 if flex else struct.unpack(">i", self.take(4))[0]
            return None if n < 0 else self.take(n)
        if "nullable" in field and inside(version, field["nullable"]):
            if struct.unpack(">b", self.take(1))[0] < 0:
                return None
        return self.struct(field["fields"], version, flex)

    def struct(self, fields, version, flex):
        out = {}
        for field in fields:
            if "tag" not in field and inside(version, field["versions"]):
                out[field["name"]] = self.value(field["type"], version, flex, field)
        if flex:
            by_tag = {f["tag"]: f for f in fields if "tag" in f}
            for _ in range(self.uvarint()):
                tag, size = self.uvarint(), self.uvarint()
                inner = Reader(self.take(size))
                if tag in by_tag:
                    out[by_tag[tag]["name"]] = inner.value(by_tag[tag]["type"], version, flex, by_tag[tag])
        return out


class Closed(Exception):
    pass


class Client:
    def __init__(self, address, timeout=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.correlation = 0

    def close(self):
        self.socket.close()

    def send_raw(self, data):
        self.socket.sendall(data)

    def header(self, key, version, flex, client_id="raw"):
        self.correlation += 1
        out = struct.pack(">hhi", key, version, self.correlation)
        out += b"\xff\xff" if client_id is None else struct.pack(">h", len(client_id)) + client_id.encode()
        return out + (b"\0" if flex else b"")

    def framed(self, name, version, client_id="raw", **values):
        api = APIS[name]
        flex = api["flexible"] is not None and version >= api["flexible"]
        message = self.header(api["key"], version, flex, client_id) + encode_struct(api["request"], values, version, flex)
        return struct.pack(">i", len(message)) + message

    def send(self, name, version, client_id="raw", **values):
        self.send_raw(self.framed(name, version, client_id, **values))

    def receive_raw(self):
        head = self.receive_exactly(4)
        return self.receive_exactly(struct.unpack(">i", head)[0])

    def receive_exactly(self, n):
        out = b""
        while len(out) < n:
            try:
                part = self.socket.recv(n - len(out))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Closed
            out += part
        return out

    def receive(self, name, version):
        api = APIS[name]
        flex = api["flexible"] is not None and version >= api["flexible"]
        reader = Reader(self.receive_raw())
        correlation = struct.unpack(">i", reader.take(4))[0]
        if flex and api["key"] != 18:
            assert reader.take(1) == b"\0"
        out = reader.struct(api["response"], version, flex)
        assert reader.at == len(reader.data), "bytes left over"
        return correlation, out

    def call(self, name, version, **values):
        self.send(name, version, **values)
        correlation, out = self.receive(name, version)
        assert correlation == self.correlation
        return out


def crc32c(data):
    table = crc32c.table
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


crc32c.table = []
for _i in range(256):
    _c = _i
    for _ in range(8):
        _c = _c >> 1 ^ 0x82F63B78 if _c & 1 else _c >> 1
    crc32c.table.append(_c)


def zigzag(n):
    return uvarint((n << 1) ^ (n >> 63))


def record(value, delta=0, key=None):
    body = b"\0" + zigzag(0) + zigzag(delta)
    body += zigzag(-1) if key is None else zigzag(len(key)) + key
    body += (zigzag(-1) if value is None else zigzag(len(value)) + value) + zigzag(0)
    return zigzag(len(body)) + body


def batch(*values, base=0, attributes=0, producer=(-1, -1), sequence=-1, timestamp=1_700_000_000_000, count=None, magic=2, spoil=False, key=None):
    records = b"".join(record(v, i, key) for i, v in enumerate(values))
    count = len(values) if count is None else count
    tail = struct.pack(">hiqqqhii", attributes, count - 1, timestamp, timestamp, producer[0], producer[1], sequence, count) + records
    crc = crc32c(tail) ^ (1 if spoil else 0)
    return struct.pack(">qiibI", base, 9 + len(tail), -1, magic, crc) + tail
