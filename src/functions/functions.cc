#include "functions/functions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/bytes.h"
#include "base/digest.h"
#include "functions/bootstraps.h"
#include "functions/configuration.h"
#include "functions/impl.h"
#include "functions/runtimes.h"

namespace tidemill::functions {
namespace {

using storage::Keyspace;

constexpr std::string_view kRevisionMismatch =
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the "
    "latest Revision Id";
constexpr std::string_view kNoVersions = "Versions and aliases are not available on this server: only $LATEST is";
constexpr std::int64_t kLinkSeconds = 600;
constexpr runtime::Duration kProbeAfter = std::chrono::milliseconds(10);

std::string function_key(const Function& f) { return "F" + f.arn(); }

Error update_in_progress(const Function& f) {
  return {Errc::kConflict,
          "The operation cannot be performed at this time. An update is in progress for resource: " + f.arn(),
          {}};
}

bool is_settled(const Function& f) { return f.state == State::kActive && f.update != UpdateStatus::kInProgress; }

}  // namespace

Functions::Impl::Impl(Services s, Settings given)
    : services(s),
      settings(std::move(given)),
      host{s.loop,   s.offload,   s.files,       s.processes,
           s.random, s.endpoints, s.credentials, s.logs,
           s.log,    settings,    std::nullopt,  settings.directory + "/runtime",
           "",       ""},
      code({s.loop, s.offload, s.files}, settings.directory, {.unzipped_max = settings.unzipped_max}),
      dispatcher(host, code),
      events({s.loop, s.store, s.log, settings, s.sink,
              [this](const std::string& arn) -> FunctionPointer {
                const auto* entry = find_arn(arn);
                return entry == nullptr ? nullptr : entry->function;
              },
              [this](const Function& function) { return dispatcher.admit(function); },
              [this](const std::string& arn, std::unique_ptr<Invocation> invocation) {
                dispatcher.submit(arn, std::move(invocation));
              }}),
      link_secret(s.random.bytes(32)) {}

Functions::Impl::~Impl() { alive.reset(); }

// ---- start and stop
// ---------------------------------------------------------------------------------------------------------

tidemill::Status Functions::Impl::open() {
  auto& files = services.files;
  TM_CHECK(files.remove_all(settings.directory + "/tmp"));
  for (const auto* folder : {"/tmp", "/runtime", "/archives", "/unpacked"})
    TM_CHECK(files.make_directories(settings.directory + folder));
  const std::pair<std::string, std::string_view> bootstraps[] = {{"/bootstrap.js", kNodeBootstrap},
                                                                 {"/bootstrap.py", kPythonBootstrap}};
  for (const auto& [name, text] : bootstraps) {
    const auto path = host.runtime_directory + name;
    if (const auto there = files.read(path); !there || *there != text) TM_CHECK(files.write(path, text));
  }
  TM_CHECK(prepare_modules());
  services.metrics.sampled("tidemill_environments", "Execution environments, spares included",
                           [this, weak = std::weak_ptr<bool>(alive)] {
                             return weak.lock() ? static_cast<double>(dispatcher.environments().size()) : 0.0;
                           });
  services.metrics.sampled("tidemill_invocations_in_flight", "Invocations that run or wait",
                           [this, weak = std::weak_ptr<bool>(alive)] {
                             return weak.lock() ? static_cast<double>(dispatcher.in_flight()) : 0.0;
                           });
  services.metrics.sampled(
      "tidemill_events_queued", "Asynchronous invocations accepted and not yet finished",
      [this, weak = std::weak_ptr<bool>(alive)] { return weak.lock() ? static_cast<double>(events.size()) : 0.0; });
  // The host is looked at a moment after the start, which waits for no process: until then interpreters are what PATH
  // finds, and the first environment would ask by itself what isolation there is.
  services.loop.at(services.loop.clock().now() + kProbeAfter, [this, weak = std::weak_ptr<bool>(alive)] {
    if (!weak.lock() || stopping) return;
    [[maybe_unused]] const bool isolated = host.isolates();
    probe(settings.node, {"-p", "process.versions.node + ' ' + process.execPath"}, host.node_version, settings.node);
    probe(settings.python, {"-c", "import platform, sys; print(platform.python_version(), sys.executable)"},
          host.python_version, settings.python);
  });

  std::set<std::string> used;
  auto cursor = services.store.cursor(Keyspace::kFunctions, storage::Range::prefix("F"));
  for (; cursor->valid(); cursor->next()) {
    TM_TRY(auto function, decode_function(cursor->value()));
    used.insert(to_hex(function.code_sha256));
    auto pointer = std::make_shared<const Function>(std::move(function));
    functions[pointer->arn()].function = pointer;
    dispatcher.set_function(pointer);
  }
  TM_CHECK(cursor->status());
  for (const auto& [arn, entry] : functions)
    if (!is_settled(*entry.function)) settle_later(*entry.function);
  // Archives that no function refers to: left by an upload that was cut off.
  for (const auto* folder : {"/archives", "/unpacked"}) {
    TM_TRY(const auto names, files.list(settings.directory + folder));
    for (const auto& entry : names)
      if (!used.contains(entry.name.substr(0, entry.name.find('.'))))
        TM_CHECK(files.remove_all(settings.directory + folder + "/" + entry.name));
  }
  TM_CHECK(events.open());
  services.loop.post([this, weak = std::weak_ptr<bool>(alive)] {
    if (weak.lock()) events.start();
  });
  return {};
}

// What Node finds on its way up from a function's folder. ES modules know no NODE_PATH, but import the SDK in Lambda;
// and a package.json that says {"type":"module"} around the data directory is not about functions.
tidemill::Status Functions::Impl::prepare_modules() {
  auto& files = services.files;
  const auto link = settings.directory + "/node_modules", package = settings.directory + "/package.json";
  TM_CHECK(files.remove_all(link));
  if (!settings.node_path.empty()) TM_CHECK(files.make_symlink(settings.node_path, link));
  return files.exists(package) ? tidemill::Status() : files.write(package, "{}\n");
}

// Asks the interpreter what it is: the version for notices, and its own path, because what PATH finds may be a slow
// wrapper.
void Functions::Impl::probe(const std::string& program, std::vector<std::string> arguments, std::string& version,
                            std::string& path) {
  auto said = std::make_shared<std::string>();
  runtime::SpawnOptions options;
  options.command = {program};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.environment = {"PATH=" + settings.system_path};
  options.directory = settings.directory;
  options.on_stdout = [said](std::string_view bytes) {
    if (said->size() < 4096) said->append(bytes);
  };
  options.on_exit = [this, said, program, &version, &path](runtime::ExitStatus status) {
    while (!said->empty() && (said->back() == '\n' || said->back() == '\r')) said->pop_back();
    const auto blank = said->find(' ');
    if (status.code != 0 || status.signal != 0 || blank == std::string::npos) {
      services.log.warn("functions.interpreter_unusable", {{"program", program}, {"status", status.code}});
      return;
    }
    version = said->substr(0, blank);
    path = said->substr(blank + 1);
    services.log.info("functions.interpreter", {{"program", path}, {"version", version}});
    for (const auto& [arn, entry] : functions) note_runtime(*entry.function);
  };
  auto process = services.processes.spawn(std::move(options));
  if (!process) {
    services.log.warn("functions.interpreter_missing", {{"program", program}, {"error", process.error().message}});
    return;
  }
  probes.push_back(*std::move(process));
}

void Functions::Impl::note_runtime(const Function& function) {
  const auto runtime = find_runtime(function.configuration.runtime);
  if (!runtime || runtime->language == Language::kProvided) return;
  const auto& installed = runtime->language == Language::kNode ? host.node_version : host.python_version;
  if (!installed.empty() && !installed.starts_with(std::string(runtime->version) + "."))
    services.log.info(
        "functions.runtime_mapped",
        {{"function", function.name}, {"runtime", function.configuration.runtime}, {"runs_on", installed}});
  if (runtime->withdrawn)
    services.log.info("functions.runtime_withdrawn",
                      {{"function", function.name}, {"runtime", function.configuration.runtime}});
}

void Functions::Impl::stop(runtime::Duration grace, runtime::Task done) {
  stopping = true;
  events.stop();
  probes.clear();
  dispatcher.stop(grace, std::move(done));
}

// ---- registry
// ----------------------------------------------------------------------------------------------------------------

Functions::Impl::Entry* Functions::Impl::find_arn(const std::string& arn) {
  const auto found = functions.find(arn);
  return found == functions.end() ? nullptr : &found->second;
}

Result<Functions::Impl::Entry*> Functions::Impl::find(const Scope& scope, const std::string& name,
                                                      const std::string& qualifier) {
  TM_TRY(const auto reference, parse_function_name(scope, name, qualifier));
  auto* entry = find_arn(function_arn(scope, reference.name));
  if (entry == nullptr || (!reference.qualifier.empty() && reference.qualifier != "$LATEST"))
    return std::unexpected(function_not_found(scope, reference));
  return entry;
}

Result<Functions::Impl::Entry*> Functions::Impl::find_unqualified(const Scope& scope, const std::string& name,
                                                                  std::string_view qualified_error) {
  TM_TRY(const auto reference, parse_function_name(scope, name));
  if (!reference.qualifier.empty()) return fail(Errc::kInvalidParameter, std::string(qualified_error));
  return find(scope, name, "");
}

void Functions::Impl::store(Function function, std::function<void(const Function&)> done) {
  storage::Mutation batch;
  batch.put(Keyspace::kFunctions, function_key(function), encode(function));
  const auto pointer = std::make_shared<const Function>(std::move(function));
  auto& entry = functions[pointer->arn()];
  entry.function = pointer;
  dispatcher.set_function(pointer);
  services.store.commit(std::move(batch), services.loop,
                        [this, pointer, done = std::move(done), weak = std::weak_ptr<bool>(alive)] {
                          if (!weak.lock()) return;
                          done(*pointer);
                          events.wake(pointer->arn());
                          if (auto* current = find_arn(pointer->arn())) check_ready(*current);
                        });
}

void Functions::Impl::check_ready(Entry& entry) {
  if (!is_settled(*entry.function)) return;
  for (const auto& told : std::exchange(entry.when_ready, {})) told();
}

void Functions::Impl::settle_later(const Function& function) {
  const auto settle = [this, arn = function.arn(), generation = function.generation,
                       weak = std::weak_ptr<bool>(alive)] {
    if (!weak.lock()) return;
    const auto* entry = find_arn(arn);
    if (entry == nullptr || entry->function->generation != generation || is_settled(*entry->function)) return;
    Function next = *entry->function;
    next.state = State::kActive;
    next.update = UpdateStatus::kSuccessful;
    next.revision_id = revision();
    store(std::move(next), [](const Function&) {});
  };
  if (settings.activation_delay > runtime::Duration(0))
    services.loop.at(services.loop.clock().now() + settings.activation_delay, settle);
  else
    services.loop.post(settle);
}

Status Functions::Impl::check_code(const Code& given, std::string_view operation) const {
  if (given.is_image)
    return fail(Errc::kInvalidParameter, fmt::format("Container images are not available on this server: {} needs a "
                                                     ".zip archive (ZipFile, or S3Bucket and S3Key)",
                                                     operation));
  const bool bucket = !given.bucket.empty() || !given.key.empty();
  if (given.zip.has_value() == bucket)
    return fail(Errc::kInvalidParameter,
                given.zip ? "Please do not provide other FunctionCode parameters when providing a ZipFile."
                          : "Please provide a source for function code.");
  if (bucket && (given.bucket.empty() || given.key.empty()))
    return fail(Errc::kInvalidParameter, "Please provide a source for function code.");
  return {};
}

Result<Configuration> Functions::Impl::configure(Configuration base, const ConfigurationChange& change) const {
  TM_TRY(auto configuration, apply(std::move(base), change, settings));
  if (change.dead_letter_target && !change.dead_letter_target->empty() && services.sink == nullptr)
    return fail(Errc::kInvalidParameter,
                "Dead letter targets are not available on this server: " + *change.dead_letter_target);
  return configuration;
}

void Functions::Impl::fetch_code(const Scope& scope, Code given, Reply<StoredCode, Error> reply) {
  ++code_operations;
  auto counted = Reply<StoredCode, Error>(
      [this, weak = std::weak_ptr<bool>(alive), reply = std::move(reply)](Result<StoredCode> stored) mutable {
        if (weak.lock()) --code_operations;
        std::move(reply)(std::move(stored));
      });
  const auto put = [this](std::string zip, Reply<StoredCode, Error> then) {
    if (zip.size() >= settings.zipped_max)
      return std::move(then)(
          fail(Errc::kRequestTooLarge, fmt::format("Zipped size must be smaller than {} bytes", settings.zipped_max)));
    code.put(std::move(zip), std::move(then));
  };
  if (given.zip) return put(*std::move(given.zip), std::move(counted));
  const auto s3_error = [](std::string_view code_name, std::string_view message) {
    return fail(
        Errc::kInvalidParameter,
        fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}", code_name, message));
  };
  if (services.code_source == nullptr)
    return std::move(counted)(s3_error("NoSuchBucket", "The specified bucket does not exist"));
  services.code_source->fetch({scope, given.bucket, given.key, given.object_version},
                              Reply<std::string, CodeSourceError>(
                                  // What is in a bucket is bounded by its unpacked size only.
                                  [this, weak = std::weak_ptr<bool>(alive), s3_error, counted = std::move(counted)](
                                      tidemill::Result<std::string, CodeSourceError> zip) mutable {
                                    if (!zip)
                                      return std::move(counted)(s3_error(zip.error().code, zip.error().message));
                                    if (weak.lock()) code.put(*std::move(zip), std::move(counted));
                                  }));
}

void Functions::Impl::release_code(const std::string& sha256) {
  if (code_operations > 0)
    return;  // one of them may be about to use the same bytes; the next start clears what is left
  const bool used =
      std::ranges::any_of(functions, [&](const auto& entry) { return entry.second.function->code_sha256 == sha256; });
  if (!used) code.remove(sha256);
}

// ---- Functions: the outside
// ----------------------------------------------------------------------------------------------------

Functions::Functions(Services services, Settings settings)
    : impl_(std::make_unique<Impl>(services, std::move(settings))) {}
Functions::~Functions() = default;
tidemill::Status Functions::open() { return impl_->open(); }
void Functions::stop(runtime::Duration grace, runtime::Task done) { impl_->stop(grace, std::move(done)); }
const Settings& Functions::settings() const { return impl_->settings; }
std::vector<EnvironmentView> Functions::environments() const { return impl_->dispatcher.environments(); }
std::size_t Functions::in_flight() const { return impl_->dispatcher.in_flight() + impl_->events.size(); }
void Functions::invoke(InvokeRequest request, Reply<InvokeResult, Error> reply) {
  impl_->invoke(std::move(request), std::move(reply));
}

void Functions::create(CreateRequest request, Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto reference = parse_function_name(request.scope, request.name);
  if (!reference) return std::move(reply)(std::unexpected(reference.error()));
  if (request.package_type != "Zip")
    return std::move(reply)(
        fail(Errc::kInvalidParameter,
             "PackageType " + request.package_type +
                 " is not available on this server: container images are not run, use a .zip archive"));
  if (auto ok = check_required(request.configuration); !ok) return std::move(reply)(std::unexpected(ok.error()));
  auto configuration = impl.configure({}, request.configuration);
  if (!configuration) return std::move(reply)(std::unexpected(configuration.error()));
  if (auto ok = impl.check_code(request.code, "CreateFunction"); !ok)
    return std::move(reply)(std::unexpected(ok.error()));
  if (auto ok = check_tags(request.tags); !ok) return std::move(reply)(std::unexpected(ok.error()));
  if (request.publish) return std::move(reply)(fail(Errc::kInvalidParameter, std::string(kNoVersions) + " (Publish)"));
  Function function;
  function.scope = request.scope;
  function.name = reference->name;
  function.configuration = *std::move(configuration);
  function.tags = std::move(request.tags);
  const auto arn = function.arn();
  if (impl.functions.contains(arn) || !impl.creating.insert(arn).second)
    return std::move(reply)(fail(Errc::kConflict, "Function already exist: " + function.name));
  if (auto admitted = impl.services.store.admit(); !admitted) {
    impl.creating.erase(arn);
    return std::move(reply)(fail(Errc::kInternal, admitted.error().message));
  }
  impl.fetch_code(
      request.scope, std::move(request.code),
      Reply<StoredCode, Error>([&impl, weak = std::weak_ptr<bool>(impl.alive), arn, function = std::move(function),
                                reply = std::move(reply)](Result<StoredCode> stored) mutable {
        if (!weak.lock()) return;
        impl.creating.erase(arn);
        if (!stored) return std::move(reply)(std::unexpected(stored.error()));
        function.code_sha256 = stored->sha256;
        function.code_size = stored->size;
        function.modified = impl.wall();
        function.revision_id = impl.revision();
        function.generation = 1;
        impl.note_runtime(function);
        auto shared = std::make_shared<Reply<Function, Error>>(std::move(reply));
        impl.store(std::move(function), [&impl, shared](const Function& durable) {
          std::move (*shared)(durable);
          impl.settle_later(durable);
        });
      }));
}

void Functions::update_code(UpdateCodeRequest request, Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(request.scope, request.name, kNoVersions);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  const auto& current = *(*found)->function;
  if (request.code.is_image)
    return std::move(reply)(
        fail(Errc::kInvalidParameter, "Please don't provide ImageUri when updating a function with packageType Zip."));
  if (auto ok = impl.check_code(request.code, "UpdateFunctionCode"); !ok)
    return std::move(reply)(std::unexpected(ok.error()));
  if (request.publish) return std::move(reply)(fail(Errc::kInvalidParameter, std::string(kNoVersions) + " (Publish)"));
  ConfigurationChange change;
  change.architectures = request.architectures;
  const auto configuration = impl.configure(current.configuration, change);
  if (!configuration) return std::move(reply)(std::unexpected(configuration.error()));
  if (!request.revision_id.empty() && request.revision_id != current.revision_id)
    return std::move(reply)(fail(Errc::kPreconditionFailed, std::string(kRevisionMismatch)));
  if (!is_settled(current)) return std::move(reply)(std::unexpected(update_in_progress(current)));
  const auto arn = current.arn();
  impl.fetch_code(
      request.scope, std::move(request.code),
      Reply<StoredCode, Error>([&impl, weak = std::weak_ptr<bool>(impl.alive), arn,
                                architecture = configuration->architecture, dry_run = request.dry_run,
                                scope = request.scope, reply = std::move(reply)](Result<StoredCode> stored) mutable {
        if (!weak.lock()) return;
        if (!stored) return std::move(reply)(std::unexpected(stored.error()));
        auto* entry = impl.find_arn(arn);
        if (entry == nullptr) return std::move(reply)(fail(Errc::kNotFound, "Function not found: " + arn));
        if (!is_settled(*entry->function))
          return std::move(reply)(std::unexpected(update_in_progress(*entry->function)));
        Function next = *entry->function;
        const auto replaced = next.code_sha256;
        next.code_sha256 = stored->sha256;
        next.code_size = stored->size;
        next.configuration.architecture = architecture;
        if (dry_run) {
          std::move(reply)(std::move(next));
          return impl.release_code(stored->sha256);
        }
        next.modified = impl.wall();
        next.revision_id = impl.revision();
        next.update = UpdateStatus::kInProgress;
        ++next.generation;
        auto shared = std::make_shared<Reply<Function, Error>>(std::move(reply));
        impl.store(std::move(next), [&impl, shared, replaced](const Function& durable) {
          std::move (*shared)(durable);
          impl.settle_later(durable);
          impl.release_code(replaced);
        });
      }));
}

void Functions::update_configuration(UpdateConfigurationRequest request, Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find_unqualified(request.scope, request.name, kNoVersions);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  const auto& current = *(*found)->function;
  auto configuration = impl.configure(current.configuration, request.change);
  if (!configuration) return std::move(reply)(std::unexpected(configuration.error()));
  if (!request.revision_id.empty() && request.revision_id != current.revision_id)
    return std::move(reply)(fail(Errc::kPreconditionFailed, std::string(kRevisionMismatch)));
  if (!is_settled(current)) return std::move(reply)(std::unexpected(update_in_progress(current)));
  Function next = current;
  next.configuration = *std::move(configuration);
  next.modified = impl.wall();
  next.revision_id = impl.revision();
  next.update = UpdateStatus::kInProgress;
  ++next.generation;
  impl.note_runtime(next);
  auto shared = std::make_shared<Reply<Function, Error>>(std::move(reply));
  impl.store(std::move(next), [&impl, shared](const Function& durable) {
    std::move (*shared)(durable);
    impl.settle_later(durable);
  });
}

void Functions::remove(const Scope& scope, const std::string& name, const std::string& qualifier,
                       Reply<bool, Error> reply) {
  auto& impl = *impl_;
  const auto reference = parse_function_name(scope, name, qualifier);
  if (!reference) return std::move(reply)(std::unexpected(reference.error()));
  if (reference->qualifier == "$LATEST")
    return std::move(reply)(
        fail(Errc::kInvalidParameter, "$LATEST version cannot be deleted without deleting the function."));
  const auto found = impl.find(scope, name, qualifier);
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  const auto function = (*found)->function;
  const auto arn = function->arn();
  impl.functions.erase(arn);
  impl.dispatcher.remove_function(scope, function->name);
  impl.events.discard(arn);
  storage::Mutation batch;
  batch.erase(Keyspace::kFunctions, function_key(*function));
  impl.services.store.commit(
      std::move(batch), impl.services.loop,
      [&impl, weak = std::weak_ptr<bool>(impl.alive), function, reply = std::move(reply)]() mutable {
        if (weak.lock()) impl.release_code(function->code_sha256);
        std::move(reply)(true);
      });
}

Result<Function> Functions::get(const Scope& scope, const std::string& name, const std::string& qualifier) const {
  TM_TRY(const auto* entry, impl_->find(scope, name, qualifier));
  return *entry->function;
}

FunctionPage Functions::list(const ListRequest& request) const {
  FunctionPage page;
  const auto prefix = function_arn(request.scope, "");
  const auto most = static_cast<std::size_t>(std::clamp(request.max_items, 1, 50));
  for (auto at =
           impl_->functions.upper_bound(request.marker.empty() ? prefix : function_arn(request.scope, request.marker));
       at != impl_->functions.end() && at->first.starts_with(prefix); ++at) {
    if (page.functions.size() == most) {
      page.next_marker = page.functions.back().name;
      break;
    }
    page.functions.push_back(*at->second.function);
  }
  return page;
}

void Functions::when_ready(const Scope& scope, const std::string& name, Reply<Function, Error> reply) {
  auto& impl = *impl_;
  const auto found = impl.find(scope, name, "");
  if (!found) return std::move(reply)(std::unexpected(found.error()));
  if (is_settled(*(*found)->function)) return std::move(reply)(*(*found)->function);
  auto shared = std::make_shared<Reply<Function, Error>>(std::move(reply));
  (*found)->when_ready.push_back([&impl, arn = (*found)->function->arn(), shared] {
    if (const auto* entry = impl.find_arn(arn)) std::move (*shared)(*entry->function);
  });
}

AccountUsage Functions::usage(const Scope& scope) const {
  AccountUsage usage;
  int reserved = 0;
  for (const auto& [arn, entry] : impl_->functions) {
    if (entry.function->scope != scope) continue;
    ++usage.functions;
    usage.code_size += entry.function->code_size;
    reserved += entry.function->reserved_concurrency.value_or(0);
  }
  usage.concurrency = impl_->settings.concurrency_account;
  usage.unreserved = usage.concurrency - reserved;
  return usage;
}

// ---- archives
// ------------------------------------------------------------------------------------------------------------------

std::string Functions::code_location(const Function& function) const {
  const auto expires = epoch_s(impl_->wall()) + kLinkSeconds;
  const auto signed_part = fmt::format("{}?expires={}", to_hex(function.code_sha256), expires);
  return fmt::format("{}{}{}&signature={}", impl_->settings.endpoint_url, kDownloadPrefix, signed_part,
                     to_hex(hmac_sha256(impl_->link_secret, signed_part)));
}

void Functions::download(const std::string& path_and_query, Reply<std::string, Error> reply) {
  std::string_view rest = path_and_query;
  constexpr std::string_view kExpires = "?expires=";
  constexpr std::string_view kSignature = "&signature=";
  const auto refuse = [&](std::string text) { std::move(reply)(fail(Errc::kAccessDenied, std::move(text))); };
  if (!rest.starts_with(kDownloadPrefix)) return refuse("The link is not one of this server");
  rest.remove_prefix(kDownloadPrefix.size());
  const auto mark = rest.find(kSignature);
  if (mark == std::string_view::npos) return refuse("The link is not signed");
  const auto signed_part = rest.substr(0, mark);
  const auto wanted = to_hex(hmac_sha256(impl_->link_secret, signed_part));
  const auto given = rest.substr(mark + kSignature.size());
  if (given.size() != wanted.size() || !equal_constant_time(given, wanted))
    return refuse("The signature of the link does not match");
  const auto question = signed_part.find(kExpires);
  const auto expires = std::strtoll(std::string(signed_part.substr(question + kExpires.size())).c_str(), nullptr, 10);
  if (epoch_s(impl_->wall()) > expires) return refuse("The link has expired");
  const auto sha = from_hex(signed_part.substr(0, question));
  if (!sha) return refuse("The link is not one of this server");
  impl_->code.read(*sha, std::move(reply));
}

}  // namespace tidemill::functions
