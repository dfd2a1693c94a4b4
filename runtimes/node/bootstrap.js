// The Node runtime of Tidemill's functions: one file, no dependency. It speaks the Lambda Runtime API over one raw socket and
// sends an invocation's answer and the poll for the next one in a single write. Behaviour follows the Lambda Node runtime
// as its users see it (handler strings, context, callbacks, logs, errors); runtimes/README.md names the rules.
//
// Started with TIDEMILL_SPARE=1 it loads the SDK, has it make a call, serves an invocation of its own and connects to the
// Runtime API, when it is told where. Then it waits, on standard input, for one line of JSON
// {"environment":{...},"directory":"..."} that makes it the environment of one function.
'use strict';

const fs = require('fs');
const net = require('net');
const path = require('path');
const util = require('util');
const v8 = require('v8');
const http = require('http');
const https = require('https');
const Module = require('module');
const { Readable, Writable } = require('stream');
const { pathToFileURL } = require('url');

const kPrefix = '/2018-06-01/runtime';
const kStreaming = Symbol.for('aws.lambda.runtime.handler.streaming');
const kHighWaterMark = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const kHttpIntegration = 'application/vnd.awslambda.http-integration-response';

// ---- errors ----------------------------------------------------------------------------------------------------------

function namedError(name, reason) {
  const error = new Error(reason instanceof Error ? String(reason) : reason);
  error.name = name;
  if (reason instanceof Error && reason.stack) error.stack = `${name}: ${error.message}\n${reason.stack.split('\n').slice(1).join('\n')}`;
  return error;
}

function isErrorLike(value) {
  return value !== null && typeof value === 'object' && typeof value.name === 'string' &&
      typeof value.message === 'string' && typeof value.stack === 'string';
}

// A DEL character in an error would break the headers of some clients; it travels escaped.
const withoutDel = (text) => (typeof text === 'string' ? text.replace(/\x7F/g, '%7F') : text);

function errorBody(value) {
  if (!isErrorLike(value)) return { errorType: typeof value, errorMessage: String(value), trace: [] };
  return {
    errorType: withoutDel(value.name),
    errorMessage: withoutDel(value.message),
    trace: withoutDel(value.stack).split('\n'),
  };
}

function errorForLog(value) {
  if (!isErrorLike(value)) return { errorType: typeof value, errorMessage: String(value), stack: [] };
  const fields = { errorType: value.name, errorMessage: value.message };
  if (value.code !== undefined) fields.code = value.code;
  Object.assign(fields, value);
  fields.stack = value.stack.split('\n');
  return fields;
}

function stringify(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? 'null';
  } catch {
    throw namedError('Error', 'Unable to stringify response body');
  }
}

function safeStringify(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return util.inspect(value);
  }
}

// ---- logs ------------------------------------------------------------------------------------------------------------

const kLevels = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
let currentRequestId;
let currentTenantId;
let logError = () => {};

function jsonLine(level, args) {
  const record = { timestamp: new Date().toISOString(), level, requestId: currentRequestId };
  if (currentTenantId !== undefined) record.tenantId = currentTenantId;
  const errors = args.filter((arg) => arg instanceof Error);
  if (args.length === 1) {
    record.message = args[0] instanceof Error ? errorForLog(args[0]) : args[0];
    const text = trySerialize(record);
    if (text !== undefined) return text;
  }
  record.message = util.format(...args);
  if (errors.length > 0) {
    record.errorType = errors[0].name ?? 'UnknownError';
    record.errorMessage = errors[0].message;
    record.stackTrace = typeof errors[0].stack === 'string' ? errors[0].stack.split('\n') : [];
  }
  return JSON.stringify(record);
}

function trySerialize(record) {
  try {
    return JSON.stringify(record, (_, value) => (typeof value === 'bigint' ? String(value) : value instanceof Error ? errorForLog(value) : value));
  } catch {
    return undefined;
  }
}

function installConsole(environment) {
  const json = (environment.AWS_LAMBDA_LOG_FORMAT || '').toUpperCase() === 'JSON';
  const least = kLevels[(environment.AWS_LAMBDA_LOG_LEVEL || '').toUpperCase()] ?? 0;
  const write = (level, args) => {
    if (kLevels[level] < least) return;
    const line = json ? jsonLine(level, args)
        : `${new Date().toISOString()}\t${currentRequestId}\t${level}\t${util.format(...args)}`.replace(/\n/g, '\r');
    process.stdout.write(line + '\n');
  };
  const bind = (name, level) => { console[name] = (...args) => write(level, args); };
  bind('log', 'INFO');
  bind('info', 'INFO');
  bind('warn', 'WARN');
  bind('error', 'ERROR');
  bind('debug', 'DEBUG');
  bind('trace', 'TRACE');
  bind('fatal', 'FATAL');
  logError = (label, value) => {
    if (json) write('ERROR', isErrorLike(value) ? [label, value] : [label, String(value)]);
    else write('ERROR', [`${label} \t${safeStringify(errorForLog(value))}`]);
  };
}

// ---- SDKs that know no AWS_ENDPOINT_URL -----------------------------------------------------------------------------------

// aws-sdk v2 (bundled or not) and hand-made requests to *.amazonaws.com go to our endpoint. The Host header stays what was
// signed, so the signature is still the one that the server checks. `endpoint.url`: where, when a request is made.
function redirectServiceHosts(endpoint) {
  const isService = (host) => /(^|\.)(amazonaws\.com(\.cn)?|api\.aws)$/i.test(host || '');
  const originals = { 'http:': http.request, 'https:': https.request };
  let agent;

  const patch = (module, scheme) => {
    const original = module.request;
    const request = function (...args) {
      let options = {};
      let rest = args;
      if (typeof args[0] === 'string' || args[0] instanceof URL) {
        const url = new URL(args[0]);
        options = {
          protocol: url.protocol, hostname: url.hostname.replace(/^\[|\]$/g, ''), port: url.port, path: url.pathname + url.search,
          auth: url.username ? `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` : undefined,
        };
        rest = args.slice(1);
      }
      let callback;
      if (rest[0] !== null && typeof rest[0] === 'object') {
        options = Object.assign(options, rest[0]);
        callback = rest[1];
      } else {
        callback = typeof rest[0] === 'function' ? rest[0] : rest[1];
      }
      const host = options.hostname || (options.host || '').split(':')[0];
      const target = endpoint.url;
      if (target === undefined || !isService(host)) return original.apply(module, args);
      const headers = copyHeaders(options.headers);
      if (!Object.keys(headers).some((name) => name.toLowerCase() === 'host')) {
        const port = options.port ? Number(options.port) : undefined;
        headers.Host = port && port !== (scheme === 'https:' ? 443 : 80) ? `${host}:${port}` : host;
      }
      agent ??= new (target.protocol === 'https:' ? https : http).Agent({ keepAlive: true });
      const redirected = Object.assign({}, options, {
        protocol: target.protocol, hostname: target.hostname.replace(/^\[|\]$/g, ''), host: undefined,
        port: target.port || (target.protocol === 'https:' ? 443 : 80), headers, agent, servername: undefined, defaultPort: undefined,
        setHost: false,
      });
      delete redirected.createConnection;
      return originals[target.protocol](redirected, callback);
    };
    module.request = request;
    module.get = (...args) => {
      const pending = request(...args);
      pending.end();
      return pending;
    };
  };
  patch(https, 'https:');
  patch(http, 'http:');
  Module.syncBuiltinESMExports();
}

function parsedUrl(text) {
  try {
    const url = new URL(text);
    return url.protocol === 'http:' || url.protocol === 'https:' ? url : undefined;
  } catch {
    return undefined;
  }
}

function copyHeaders(headers) {
  if (!Array.isArray(headers)) return Object.assign({}, headers);
  const copy = {};
  for (let i = 0; i + 1 < headers.length; i += 2) copy[headers[i]] = headers[i + 1];
  return copy;
}

// ---- the Runtime API, on one socket ---------------------------------------------------------------------------------------

const kReadMax = 1 << 16;
const kNothing = Buffer.alloc(0);

class RuntimeApi {
  constructor(address) {
    const colon = address.lastIndexOf(':');
    this.host = address;
    this.received = kNothing;
    this.large = undefined;  // { whole, filled }: a message that is gathered in one piece
    this.waiting = [];  // callbacks, in the order of the requests
    // What arrives passes no stream: it lies in this one buffer, until the callback returns.
    const buffer = Buffer.allocUnsafeSlow(kReadMax);
    const callback = (size) => {
      this.onData(buffer.subarray(0, size));
      return true;
    };
    this.socket = net.connect({
      host: address.slice(0, colon), port: Number(address.slice(colon + 1)), noDelay: true, onread: { buffer, callback },
    });
    this.socket.on('close', () => process.exit(1));  // the server has gone, and with it every reason to live
    this.socket.on('error', () => process.exit(1));
    this.holding = true;
  }

  close() {
    this.socket.removeAllListeners();
    this.socket.destroy();
  }

  // While a handler runs, the socket must not keep the event loop from running empty.
  hold(on) {
    if (this.holding === on) return;
    this.holding = on;
    if (on) this.socket.ref();
    else this.socket.unref();
  }

  head(method, target, headers, length) {
    let head = `${method} ${kPrefix}${target} HTTP/1.1\r\nHost: ${this.host}\r\n`;
    for (const [name, value] of Object.entries(headers)) head += `${name}: ${value}\r\n`;
    if (length !== undefined) head += `Content-Length: ${length}\r\n`;
    return head + '\r\n';
  }

  nextHead() {
    return this.head('GET', '/invocation/next', {});
  }

  post(target, text, headers, { thenNext, done }) {
    const fields = Object.assign({ 'Content-Type': 'application/json' }, headers);
    let message = this.head('POST', target, fields, Buffer.byteLength(text)) + text;
    this.waiting.push(done || (() => {}));
    if (thenNext) {
      message += this.nextHead();
      this.waiting.push(thenNext);
    }
    this.hold(true);
    this.socket.write(message);
  }

  next(callback) {
    this.waiting.push(callback);
    this.hold(true);
    this.socket.write(this.nextHead());
  }

  onData(bytes) {
    if (this.large !== undefined) {
      const { whole, filled } = this.large;
      const taken = bytes.copy(whole, filled);
      this.large.filled += taken;
      if (this.large.filled < whole.length) return;
      this.large = undefined;
      this.received = whole;
      bytes = bytes.subarray(taken);
    }
    if (this.received.length > 0) bytes = bytes.length === 0 ? this.received : Buffer.concat([this.received, bytes]);
    this.received = this.serve(bytes);
  }

  // Calls back for every message that is whole; returns what is left, in memory of its own.
  serve(bytes) {
    for (;;) {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return Buffer.from(bytes);
      const lines = bytes.toString('latin1', 0, end).split('\r\n');
      const headers = {};
      for (const line of lines.slice(1)) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const size = end + 4 + Number(headers['content-length'] || 0);
      if (bytes.length < size) {
        if (size < kReadMax) return Buffer.from(bytes);
        // Gathered once instead of being copied for every chunk.
        const whole = Buffer.allocUnsafe(size);
        this.large = { whole, filled: bytes.copy(whole) };
        return kNothing;
      }
      const callback = this.waiting.shift();
      if (callback) callback(Number(lines[0].split(' ')[1]), headers, bytes.subarray(end + 4, size));
      if (bytes.length === size) return kNothing;
      bytes = bytes.subarray(size);
    }
  }
}

// ---- handlers ----------------------------------------------------------------------------------------------------------------

function splitHandler(text) {
  if (text.includes('..'))
    throw namedError('Runtime.MalformedHandlerName', `'${text}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  const base = path.basename(text);
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match || !match[1] || !match[2]) throw namedError('Runtime.MalformedHandlerName', 'Bad handler');
  return { root: text.slice(0, text.length - base.length), module: match[1], exports: match[2] };
}

function isModulePackage(folder) {
  for (let at = folder; ; at = path.dirname(at)) {
    if (path.basename(at) === 'node_modules') return false;
    try {
      return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type === 'module';
    } catch (error) {
      if (error instanceof SyntaxError) return false;
    }
    if (path.dirname(at) === at) return false;
  }
}

const isFile = (name) => {
  try {
    return fs.statSync(name).isFile();
  } catch {
    return false;
  }
};

async function loadModule(appRoot, { root, module }) {
  const folder = path.resolve(appRoot, root);
  const file = path.resolve(folder, module);
  const byImport = (name) => import(pathToFileURL(name).href);
  if (isFile(file)) return require(file);
  if (isFile(file + '.js')) return isModulePackage(path.dirname(file)) ? byImport(file + '.js') : require(file + '.js');
  if (isFile(file + '.mjs')) return byImport(file + '.mjs');
  if (isFile(file + '.cjs')) return require(file + '.cjs');
  return require(require.resolve(module, { paths: [appRoot, folder] }));
}

async function loadHandler(appRoot, text) {
  const parts = splitHandler(text);
  let loaded;
  try {
    loaded = await loadModule(appRoot, parts);
  } catch (error) {
    if (error instanceof SyntaxError) throw namedError('Runtime.UserCodeSyntaxError', error);
    if (error && error.code === 'MODULE_NOT_FOUND') throw namedError('Runtime.ImportModuleError', error);
    throw error;
  }
  let found = loaded;
  for (const name of parts.exports.split('.')) found = found === undefined || found === null ? undefined : found[name];
  if (found === undefined && loaded && loaded.default) {
    found = loaded.default;
    for (const name of parts.exports.split('.')) found = found === undefined || found === null ? undefined : found[name];
  }
  if (found === undefined || found === null) throw namedError('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
  if (typeof found !== 'function') throw namedError('Runtime.HandlerNotFound', `${text} is not a function`);
  return found;
}

// ---- response streams ----------------------------------------------------------------------------------------------------------

function installStreamingGlobals() {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[kStreaming] = true;
      if (options && options.highWaterMark !== undefined) handler[kHighWaterMark] = Number(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: {
      from(stream, prelude) {
        stream.setContentType(kHttpIntegration);
        stream.setPrelude(Buffer.concat([Buffer.from(JSON.stringify(prelude)), Buffer.alloc(8)]));
        return stream;
      },
    },
  };
}

class ResponseStream extends Writable {
  constructor(api, requestId, highWaterMark) {
    super({ highWaterMark });
    this.api = api;
    this.requestId = requestId;
    this.contentType = 'application/octet-stream';
    this.prelude = undefined;
    this.started = false;
  }
  setContentType(type) { this.contentType = type; }
  setPrelude(bytes) { this.prelude = bytes; }
  start() {
    if (this.started) return;
    this.started = true;
    this.api.socket.write(this.api.head('POST', `/invocation/${this.requestId}/response`, {
      'Content-Type': this.contentType, 'Lambda-Runtime-Function-Response-Mode': 'streaming', 'Transfer-Encoding': 'chunked',
      Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
    }));
    if (this.prelude) this.chunk(this.prelude);
  }
  chunk(bytes, done) {
    if (bytes.length === 0) return done && done();
    return this.api.socket.write(Buffer.concat([Buffer.from(bytes.length.toString(16) + '\r\n'), bytes, Buffer.from('\r\n')]), done);
  }
  _write(chunk, encoding, done) {
    this.start();
    const value = Buffer.isBuffer(chunk) || chunk instanceof Uint8Array ? Buffer.from(chunk) : Buffer.from(String(chunk), encoding === 'buffer' ? 'utf8' : encoding);
    this.chunk(value, done);
  }
  // The last chunk, the trailers and the poll for the next event.
  close(error, thenNext) {
    this.start();
    let end = '0\r\n';
    if (error !== undefined) {
      const body = errorBody(error);
      end += `Lambda-Runtime-Function-Error-Type: ${body.errorType}\r\n`;
      end += `Lambda-Runtime-Function-Error-Body: ${Buffer.from(JSON.stringify(body)).toString('base64')}\r\n`;
    }
    this.api.waiting.push(() => {});
    this.api.waiting.push(thenNext);
    this.api.hold(true);
    this.api.socket.write(end + '\r\n' + this.api.nextHead());
  }
}

// ---- invocations ---------------------------------------------------------------------------------------------------------------------

class Runtime {
  constructor(environment, api) {
    this.environment = environment;
    this.api = api;
    this.invocation = undefined;
    this.handler = undefined;
    this.onNext = (status, headers, body) => this.run(status, headers, body);
  }

  async start() {
    process.on('unhandledRejection', (reason) => {
      const error = namedError('Runtime.UnhandledPromiseRejection', isErrorLike(reason) ? String(reason) : util.inspect(reason));
      if (isErrorLike(reason)) error.reason = errorForLog(reason);
      this.die('Unhandled Promise Rejection', error, 128);
    });
    process.on('uncaughtException', (error) => this.die('Uncaught Exception', error, 129));
    process.on('beforeExit', () => this.onLoopEmpty());
    try {
      this.handler = await loadHandler(process.cwd(), this.environment._HANDLER || '');
    } catch (error) {
      this.die('Uncaught Exception', error, 1);
      return;
    }
    this.api.next(this.onNext);
  }

  die(label, error, code) {
    if (this.dying) return;
    this.dying = true;
    logError(label, error);
    const body = errorBody(error);
    const headers = { 'Lambda-Runtime-Function-Error-Type': headerText(body.errorType) };
    const done = () => process.exit(code);
    if (this.handler === undefined) this.api.post('/init/error', JSON.stringify(body), headers, { done });
    else if (this.invocation) this.api.post(`/invocation/${this.invocation.id}/error`, JSON.stringify(body), headers, { done });
    else done();
  }

  run(status, headers, body) {
    if (status !== 200) process.exit(1);
    const id = headers['lambda-runtime-aws-request-id'];
    const invocation = {
      id, deadline: Number(headers['lambda-runtime-deadline-ms']), path: undefined, done: false, result: undefined, hasResult: false,
    };
    this.invocation = invocation;
    currentRequestId = id;
    currentTenantId = headers['lambda-runtime-aws-tenant-id'];
    const trace = headers['lambda-runtime-trace-id'];
    if (trace) process.env._X_AMZN_TRACE_ID = trace;
    else delete process.env._X_AMZN_TRACE_ID;
    this.api.hold(false);

    const context = this.makeContext(invocation, headers);
    let event;
    let returned;
    try {
      event = JSON.parse(body.toString('utf8'));
      if (this.handler[kStreaming]) return this.runStreaming(invocation, event, context);
      returned = this.handler(event, context, context.callback);
    } catch (error) {
      return this.fail(invocation, error);
    }
    if (returned !== null && returned !== undefined && typeof returned.then === 'function') {
      returned.then((value) => this.complete(invocation, 'promise', undefined, value), (error) => this.complete(invocation, 'promise', error ?? 'handled', undefined));
    }
  }

  makeContext(invocation, headers) {
    const environment = this.environment;
    const parse = (text) => {
      try {
        return text ? JSON.parse(text) : undefined;
      } catch {
        return undefined;
      }
    };
    const complete = (error, result) => this.complete(invocation, 'context', error, result);
    const context = {
      callbackWaitsForEmptyEventLoop: true,
      functionVersion: environment.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: environment.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: environment.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: environment.AWS_LAMBDA_LOG_STREAM_NAME,
      clientContext: parse(headers['lambda-runtime-client-context']),
      identity: parse(headers['lambda-runtime-cognito-identity']),
      invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
      awsRequestId: invocation.id,
      tenantId: headers['lambda-runtime-aws-tenant-id'],
      getRemainingTimeInMillis: () => invocation.deadline - Date.now(),
      done: complete,
      succeed: (result) => complete(undefined, result),
      fail: (error) => complete(error === undefined || error === null ? 'handled' : error, undefined),
    };
    invocation.context = context;
    Object.defineProperty(context, 'callback', { enumerable: false, value: (error, result) => this.complete(invocation, 'callback', error, result) });
    return context;
  }

  // `way` is how the handler completed: 'promise', 'callback' or 'context' (succeed, fail, done).
  complete(invocation, way, error, result) {
    const kind = way === 'context' ? 'callback' : way;
    if (invocation.path !== undefined) {
      if (invocation.path !== kind) console.error('Invocation has already been reported as done. Cannot call complete more than once per invocation.');
      return;
    }
    invocation.path = kind;
    if (error !== undefined && error !== null) return this.fail(invocation, error);
    invocation.result = result;
    if (way === 'callback' && invocation.context.callbackWaitsForEmptyEventLoop) {
      invocation.hasResult = true;  // posted when the event loop is empty
      return;
    }
    this.succeed(invocation, result);
  }

  succeed(invocation, result) {
    if (invocation.done) return;
    let text;
    try {
      text = stringify(result);
    } catch (error) {
      return this.fail(invocation, error);
    }
    this.finish(invocation, 'response', text, {});
  }

  fail(invocation, error) {
    if (invocation.done) return;
    invocation.path = invocation.path ?? 'callback';
    logError('Invoke Error', error);
    const body = errorBody(error);
    this.finish(invocation, 'error', JSON.stringify(body), { 'Lambda-Runtime-Function-Error-Type': headerText(body.errorType) });
  }

  finish(invocation, what, text, headers) {
    invocation.done = true;
    if (this.dying) return;
    this.invocation = undefined;
    this.api.post(`/invocation/${invocation.id}/${what}`, text, headers, { thenNext: this.onNext });
  }

  onLoopEmpty() {
    const invocation = this.invocation;
    if (!invocation || invocation.done) return;
    if (invocation.stream) return this.finishStream(invocation, 'Response stream is not finished.');
    this.succeed(invocation, invocation.hasResult ? invocation.result : undefined);
  }

  runStreaming(invocation, event, context) {
    const stream = new ResponseStream(this.api, invocation.id, this.handler[kHighWaterMark]);
    invocation.stream = stream;
    const finished = new Promise((resolve, reject) => {
      stream.on('finish', resolve);
      stream.on('error', reject);
    });
    const returned = this.handler(event, stream, context);
    if (!returned || typeof returned.then !== 'function') {
      return this.fail(invocation, namedError('Error', 'Streaming does not support non-async handlers.'));
    }
    returned.then(() => finished).then(() => this.finishStream(invocation, undefined), (error) => this.finishStream(invocation, error));
  }

  finishStream(invocation, failure) {
    if (invocation.done) return;
    const error = typeof failure === 'string' ? namedError('Error', failure) : failure;
    if (error !== undefined && !invocation.stream.started) return this.fail(invocation, error);
    if (error !== undefined) logError('Invoke Error', error);
    invocation.done = true;
    this.invocation = undefined;
    invocation.stream.close(error, this.onNext);
  }
}

const headerText = (text) => String(text).replace(/[^\x20-\x7e]/g, '?');

// ---- start -----------------------------------------------------------------------------------------------------------------------------

// Node and the SDK load and compile the greater part of themselves at their first use. A spare has made every first use before
// it waits, as far as it can without a function and without reaching anybody: an invocation would pay for it otherwise.

// What it remembers of variables and files is under names that the function does not use.
async function makeFirstCalls() {
  const names = ['@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb'];
  const [{ DynamoDBClient }, { DynamoDBDocumentClient, GetCommand, PutCommand }] = names.map((name) => require(name));
  for (const name of names) await import(pathToFileURL(require.resolve(name)).href);
  Object.assign(process.env, {
    AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none', AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  });
  const answer = () => ({ statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: Readable.from([Buffer.from('{}')]) });
  const requestHandler = { handle: async () => ({ response: answer() }) };
  // Its advice about old versions of Node, given once in a process, is for the function's log.
  const version = Object.getOwnPropertyDescriptor(process, 'version');
  Object.defineProperty(process, 'version', { ...version, value: 'v99.0.0' });
  try {
    new DynamoDBClient({});
    const documents = DynamoDBDocumentClient.from(new DynamoDBClient({ requestHandler }));
    await documents.send(new PutCommand({ TableName: 'none', Item: { id: 'none', n: 1 } }));
    await documents.send(new GetCommand({ TableName: 'none', Key: { id: 'none' } }));
  } finally {
    Object.defineProperty(process, 'version', version);
  }
}

// The function of the rehearsal. Nothing that it writes is seen.
exports.rehearsal = async (event) => {
  process.traceProcessWarnings = true;  // Node's hint at this very option, shown once, is for the function's first warning
  process.emitWarning('rehearsal');
  await new Promise(setImmediate);
  delete process.traceProcessWarnings;
  console.log('%s', event);
  return event;
};

// One start and one invocation, against a Runtime API in this process.
async function rehearse() {
  takeOn({}, process.cwd());
  process.stdout.write = () => true;
  installConsole({});
  parsedUrl('http://127.0.0.1:9');
  const server = net.createServer();
  let api;
  try {
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
    const answered = new Promise((resolve, reject) => {
      server.once('connection', (connection) => {
        connection.on('error', reject);
        connection.once('data', () => {
          connection.write('HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: none\r\nContent-Length: 2\r\n\r\n{}');
          connection.once('data', () => resolve(connection.destroy()));
        });
      });
    });
    api = new RuntimeApi(`127.0.0.1:${server.address().port}`);
    const runtime = new Runtime({}, api);
    runtime.handler = await loadHandler(__dirname, `${path.basename(__filename, '.js')}.rehearsal`);
    api.next(runtime.onNext);
    await answered;
  } finally {
    if (api) api.close();
    server.close();
    delete process.stdout.write;
    currentRequestId = undefined;
  }
}

// The function starts with an empty young generation: it would be collected in the middle of its first invocation.
function collectGarbage() {
  if (typeof gc !== 'function') return;
  for (let i = 0; i < 2; ++i) gc({ type: 'minor' });
}

// What was written before an answer is in the pipe when the answer leaves, however much it is.
function writeAtOnce() {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream._handle && stream._handle.setBlocking) stream._handle.setBlocking(true);
  }
}

async function becomeSpare(prepared) {
  const address = process.env.AWS_LAMBDA_RUNTIME_API;
  redirectServiceHosts(prepared.endpoint);
  try {
    await makeFirstCalls();
  } catch {
    // The machine has no SDK set up: the spare still saves the interpreter's start.
  }
  await rehearse().catch(() => {});
  if (address) {
    prepared.api = new RuntimeApi(address);
    await new Promise((resolve) => prepared.api.socket.once('connect', resolve));
  }
  collectGarbage();
}

function waitForAssignment() {
  const chunks = [];
  const piece = Buffer.alloc(65536);
  for (;;) {
    const size = fs.readSync(0, piece, 0, piece.length, null);
    if (size === 0) process.exit(0);
    chunks.push(Buffer.from(piece.subarray(0, size)));
    if (piece[size - 1] === 10) break;
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function takeOn(environment, directory) {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(directory);
  Module._initPaths();  // NODE_PATH is read anew
}

async function main() {
  const prepared = { endpoint: { url: undefined }, api: undefined };
  const spare = process.env.TIDEMILL_SPARE === '1';
  writeAtOnce();
  if (spare) {
    await becomeSpare(prepared);
    const { environment, directory } = waitForAssignment();
    takeOn(environment, directory);
  }
  // A garbage collector that knows no limit would let the heap grow to several times what is alive, and over the function's memory.
  v8.setFlagsFromString('--heap-growing-percent=30');
  const environment = Object.assign({}, process.env);
  process.argv = [process.argv[0], path.join(environment.LAMBDA_RUNTIME_DIR || __dirname, 'index.mjs')];
  installConsole(environment);
  installStreamingGlobals();
  prepared.endpoint.url = parsedUrl(environment.AWS_ENDPOINT_URL);
  if (!spare && prepared.endpoint.url) redirectServiceHosts(prepared.endpoint);
  const address = environment.AWS_LAMBDA_RUNTIME_API;
  if (prepared.api && prepared.api.host !== address) {
    prepared.api.close();
    prepared.api = undefined;
  }
  new Runtime(environment, prepared.api ?? new RuntimeApi(address)).start();
}

main();
