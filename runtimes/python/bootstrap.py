# The Python runtime of Tidemill's functions: one file, standard library only. It speaks the Lambda Runtime API over one raw
# socket and sends an invocation's answer and the poll for the next one in a single write. Behaviour follows the Lambda Python
# runtime as its users see it (handler strings, context, logging, errors); runtimes/README.md names the rules.
#
# Started with TIDEMILL_SPARE=1 it imports boto3 first and then waits, on standard input, for one line of JSON
# {"environment":{...},"directory":"..."} that makes it the environment of one function.
import builtins
import decimal
import importlib
import io
import json
import logging
import os
import socket
import sys
import time
import traceback

PREFIX = "/2018-06-01/runtime"
BOOTSTRAP = os.path.abspath(__file__)


# ---- faults --------------------------------------------------------------------------------------------------------------


class Fault(Exception):
    """A failure of the function as a whole, with the type name and message that the service gives it."""

    def __init__(self, error_type, message, frames=()):
        super().__init__(message)
        self.error_type = error_type
        self.frames = list(frames)


def user_frames(error):
    # Frames of the bootstrap and of the import machinery are the runtime's own; users see theirs.
    frames = traceback.extract_tb(error.__traceback__)
    return [f for f in frames if f.filename != BOOTSTRAP and not f.filename.startswith("<frozen importlib")]


def frame_texts(error):
    return traceback.format_list(user_frames(error))


def error_document(error, request_id):
    if isinstance(error, Fault):
        return {"errorMessage": str(error), "errorType": error.error_type, "requestId": request_id, "stackTrace": error.frames}
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": frame_texts(error),
    }


# ---- logs ----------------------------------------------------------------------------------------------------------------

LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}
current_request_id = None
json_logs = False


def write_line(text):
    sys.stdout.write(text)
    sys.stdout.flush()


def log_fault(document):
    if json_logs:
        record = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            "errorType": document["errorType"],
            "errorMessage": document["errorMessage"],
            "requestId": document["requestId"],
            "stackTrace": document["stackTrace"],
        }
        write_line(json.dumps(record, ensure_ascii=False) + "\n")
        return
    lines = ["[ERROR] " + document["errorType"]]
    if document["errorMessage"]:
        lines[0] += ": " + document["errorMessage"].replace("\n", "\r")
    if document["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        for frame in document["stackTrace"]:
            for line in frame.rstrip("\n").split("\n"):
                text = line.lstrip(" ")
                # A log viewer drops leading blanks; no-break ones keep the shape of a traceback.
                lines.append("\u00a0" * (len(line) - len(text)) + text)
    write_line("\r".join(lines) + "\n")


STANDARD_FIELDS = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "aws_request_id", "taskName"}


class TextFormatter(logging.Formatter):
    def __init__(self):
        super().__init__("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime


class JsonFormatter(logging.Formatter):
    converter = time.gmtime

    def format(self, record):
        fields = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            fields["stackTrace"] = traceback.format_list(traceback.extract_tb(record.exc_info[2]))
            fields["errorType"] = record.exc_info[0].__name__
            fields["errorMessage"] = str(record.exc_info[1])
            fields["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
        if record.aws_request_id is not None:
            fields["requestId"] = record.aws_request_id
        for name, value in vars(record).items():
            if name not in STANDARD_FIELDS and name not in fields:
                fields[name] = value
        return json.dumps(fields, ensure_ascii=False, default=str) + "\n"


class Handler(logging.Handler):
    def emit(self, record):
        try:
            record.aws_request_id = current_request_id
            text = self.format(record)
            # One record is one event: inner line ends must not split it.
            write_line(text[:-1].replace("\n", "\r") + "\n")
        except Exception:
            self.handleError(record)


def install_logging(environment):
    global json_logs
    json_logs = environment.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    handler = Handler()
    handler.setFormatter(JsonFormatter() if json_logs else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = environment.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    if level in LEVELS:
        root.setLevel(LEVELS[level])


# ---- the Runtime API, on one socket ----------------------------------------------------------------------------------------


class RuntimeApi:
    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.host = address
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self.next_head = ("GET %s/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n" % (PREFIX, address)).encode()

    def post_head(self, target, length, content_type, error_type=None):
        head = "POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n" % (
            PREFIX, target, self.host, content_type, length)
        if error_type is not None:
            head += "Lambda-Runtime-Function-Error-Type: %s\r\n" % error_type.encode("ascii", "replace").decode()
        return (head + "\r\n").encode()

    def post(self, target, body, content_type="application/json", error_type=None):
        self.socket.sendall(self.post_head(target, len(body), content_type, error_type) + body)
        self.read_response()

    def post_then_next(self, target, body, content_type="application/json", error_type=None):
        self.socket.sendall(self.post_head(target, len(body), content_type, error_type) + body + self.next_head)
        self.read_response()
        return self.read_response()

    def next(self):
        self.socket.sendall(self.next_head)
        return self.read_response()

    def fill(self):
        piece = self.socket.recv(262144)
        if not piece:
            os._exit(1)  # the server has gone, and with it every reason to live
        self.received += piece

    def read_response(self):
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            self.fill()
        lines = self.received[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        size = end + 4 + int(headers.get("content-length", 0))
        while len(self.received) < size:
            self.fill()
        body = bytes(self.received[end + 4:size])
        del self.received[:size]
        return int(lines[0].split(" ")[1]), headers, body


# ---- context ---------------------------------------------------------------------------------------------------------------


class CognitoIdentity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")

    def __init__(self, fields):
        self.cognito_identity_id = fields.get("cognitoIdentityId")
        self.cognito_identity_pool_id = fields.get("cognitoIdentityPoolId")


class Client:
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")

    def __init__(self, fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))


class ClientContext:
    __slots__ = ("custom", "env", "client")

    def __init__(self, fields):
        self.custom = fields.get("custom")
        self.env = fields.get("env")
        self.client = Client(fields["client"]) if fields.get("client") else None


class LambdaContext:
    def __init__(self, headers, environment):
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = environment.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environment.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environment.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        client_context = headers.get("lambda-runtime-client-context")
        self.client_context = ClientContext(json.loads(client_context)) if client_context else None
        self.identity = CognitoIdentity(json.loads(headers.get("lambda-runtime-cognito-identity") or "{}"))
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        write_line(message if isinstance(message, str) else str(message))

    def __repr__(self):
        shown = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
                 "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "LambdaContext([%s])" % ",".join("%s=%s" % (name, getattr(self, name)) for name in shown)


# ---- handler ---------------------------------------------------------------------------------------------------------------


def load_handler(text):
    try:
        module_name, function_name = text.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (text, error))
    name = module_name.replace("/", ".")
    if name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, error))
    except SyntaxError as error:
        frames = ['  File "%s" Line %s\n    %s' % (error.filename, error.lineno, (error.text or "").strip())]
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, error), frames)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))


class DecimalNumber(float):
    """A Decimal on its way into JSON: written as its own digits."""

    def __init__(self, value):
        self.text = str(value)

    def __new__(cls, value):
        return super().__new__(cls, value)

    def __repr__(self):
        return self.text


def encode_default(value):
    if isinstance(value, decimal.Decimal):
        return DecimalNumber(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


class Encoder(json.JSONEncoder):
    def iterencode(self, value, _one_shot=False):
        # The C encoder writes floats by float.__repr__; ours must use the number's own text.
        markers = {}

        def float_text(number, nan=float("nan")):
            if isinstance(number, DecimalNumber):
                return number.text
            if number != number:
                return "NaN"
            if number in (float("inf"), float("-inf")):
                return "Infinity" if number > 0 else "-Infinity"
            return float.__repr__(number)

        encode_text = json.encoder.encode_basestring_ascii if self.ensure_ascii else json.encoder.encode_basestring
        make = json.encoder._make_iterencode(markers, self.default, encode_text, self.indent, float_text, self.key_separator,
                                             self.item_separator, self.sort_keys, self.skipkeys, _one_shot)
        return make(value, 0)


class DecimalSeen(Exception):
    pass


def refuse_decimals(value):
    if isinstance(value, decimal.Decimal):
        raise DecimalSeen
    return encode_default(value)


def encode_result(value, ensure_ascii):
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        try:
            text = json.dumps(value, ensure_ascii=ensure_ascii, default=refuse_decimals)  # the fast encoder
        except DecimalSeen:
            text = json.dumps(value, ensure_ascii=ensure_ascii, cls=Encoder, default=encode_default)
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)
    return text.encode("utf-8", "surrogatepass"), "application/json"


def uses_ascii(execution_environment):
    prefix = "AWS_Lambda_python3."
    minor = execution_environment[len(prefix):] if execution_environment.startswith(prefix) else ""
    return not (minor.isdigit() and int(minor) >= 12)


# ---- loop ------------------------------------------------------------------------------------------------------------------


def fail_init(api, error):
    document = error_document(error, "")
    log_fault(document)
    api.post("/init/error", json.dumps(document).encode(), error_type=document["errorType"])
    sys.stdout.flush()
    os._exit(1)


def invoke(handler, body, headers, environment, ensure_ascii):
    request_id = headers.get("lambda-runtime-aws-request-id", "")
    try:
        try:
            event = json.loads(body)
        except Exception as error:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)
        answer, content_type = encode_result(handler(event, LambdaContext(headers, environment)), ensure_ascii)
        return "/invocation/%s/response" % request_id, answer, content_type, None
    except Exception as error:
        document = error_document(error, request_id)
        log_fault(document)
        return ("/invocation/%s/error" % request_id, json.dumps(document).encode(), "application/json", document["errorType"])


def serve(environment):
    global current_request_id
    api = RuntimeApi(environment["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load_handler(environment.get("_HANDLER", ""))
    except Exception as error:
        fail_init(api, error)
    ensure_ascii = uses_ascii(environment.get("AWS_EXECUTION_ENV", ""))
    status, headers, body = api.next()
    while status == 200:
        current_request_id = headers.get("lambda-runtime-aws-request-id")
        trace = headers.get("lambda-runtime-trace-id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        answer = invoke(handler, body, headers, environment, ensure_ascii)
        sys.stdout.flush()
        status, headers, body = api.post_then_next(*answer)
    os._exit(1)


PRELOADED = ("boto3", "botocore", "s3transfer", "urllib3", "jmespath", "dateutil", "six")


def wait_for_assignment():
    try:
        import boto3

        # Building a client is what costs: the service description, the endpoint rules and the event system are loaded once here.
        boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        boto3.DEFAULT_SESSION = None
    except Exception:
        pass  # the machine has no SDK set up: the spare still saves the interpreter's start
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    assignment = json.loads(line)
    os.environ.clear()
    os.environ.update(assignment["environment"])
    os.chdir(assignment["directory"])
    # A function that brings its own copy of what is preloaded gets its own.
    root = assignment["directory"]
    if any(os.path.exists(os.path.join(root, name)) or os.path.exists(os.path.join(root, name + ".py")) for name in PRELOADED):
        for name in list(sys.modules):
            if name.split(".")[0] in PRELOADED:
                del sys.modules[name]
    for entry in reversed(os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        if entry and entry not in sys.path:
            sys.path.insert(0, entry)
    time.tzset()


def unbuffered(descriptor):
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", write_through=True)


def main():
    if os.environ.get("TIDEMILL_SPARE") == "1":
        wait_for_assignment()
    environment = dict(os.environ)
    # The folder of this file is where Python looks first; a function's own modules come first instead.
    if sys.path and os.path.abspath(sys.path[0]) == os.path.dirname(BOOTSTRAP):
        sys.path.pop(0)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(BOOTSTRAP)]
    sys.path.insert(0, os.getcwd())
    sys.argv = ["/var/runtime/bootstrap.py"]
    # Output reaches the log when it is written, not when a buffer is full.
    sys.stdout = unbuffered(1)
    sys.stderr = unbuffered(2)
    install_logging(environment)
    builtins.exit = builtins.quit = sys.exit
    serve(environment)


if __name__ == "__main__":
    main()
