#include "triggers/mappings.h"

#include <algorithm>

#include "storage/store.h"
#include "triggers/runner.h"

#include <fmt/format.h>

namespace tidemill::triggers {
namespace {

constexpr auto kSpace = storage::Keyspace::kCheckpoints;
constexpr std::string_view kPrefix = "mapping/";
constexpr std::size_t kMappingsMax = 10'000;
constexpr std::size_t kPageMax = 100;
constexpr std::size_t kTagsMax = 50;

std::unexpected<Error> not_found() { return fail(Errc::kNotFound, "The resource you requested does not exist."); }

// "fn" of arn:aws:lambda:{region}:{account}:function:fn[:qualifier]
std::string_view function_name(std::string_view arn) {
  constexpr std::string_view kMark = ":function:";
  const auto at = arn.find(kMark);
  if (at == std::string_view::npos) return arn;
  const std::string_view rest = arn.substr(at + kMark.size());
  return rest.substr(0, rest.find(':'));
}

std::string key_of(const std::string& uuid) { return std::string(kPrefix) + uuid; }

}  // namespace

class Mappings::Impl {
 public:
  Impl(Services services, Pace pace)
      : services_(services),
        pace_(pace),
        runner_services_{.home = services.home,
                         .random = services.random,
                         .log = services.log,
                         .metrics = services.metrics,
                         .checkpoints = services.checkpoints,
                         .sources = services.sources,
                         .invoker = services.invoker,
                         .failures = services.failures,
                         .pace = pace_} {}
  ~Impl() { alive_.reset(); }  // a Reply that a source drops must find nobody

  Status open();
  void stop(runtime::Task done);
  void create(CreateRequest request, Reply<Mapping, Error> reply);
  Result<Mapping> get(std::string_view uuid) const;
  void update(UpdateRequest request, Reply<Mapping, Error> reply);
  void remove(std::string_view uuid, Reply<Mapping, Error> reply);
  Page list(const ListRequest& request) const;
  Result<std::map<std::string, std::string>> tags(std::string_view arn) const;
  void tag(std::string_view arn, std::map<std::string, std::string> add, std::vector<std::string> remove,
           Reply<void, Error> reply);
  bool is_idle() const;

 private:
  struct Entry {
    Mapping mapping;
    std::unique_ptr<Runner> runner;
  };
  // A create call on its way: positions are being asked for.
  struct Creation {
    Mapping mapping;
    std::unique_ptr<EventSource> source;
    std::vector<Part> parts;
    CheckpointsByPart checkpoints;
    Reply<Mapping, Error> reply;
  };

  Status check_duplicate(const Mapping& mapping) const;
  Status check_destination(const Settings& settings) const;
  void resolve_positions(std::shared_ptr<Creation> creation, std::size_t index);
  void commit_creation(std::shared_ptr<Creation> creation);
  void abort_creation(Creation& creation, Error error);
  void start(Entry& entry);
  void settle(const std::string& uuid);
  void store(const Mapping& mapping, runtime::Task done);
  Entry* find(std::string_view uuid);
  template <class F>
  auto guarded(F f) {
    return [alive = std::weak_ptr<int>(alive_), f = std::move(f)](auto&&... args) mutable {
      if (alive.lock()) f(std::forward<decltype(args)>(args)...);
    };
  }

  const Services services_;
  const Pace pace_;
  const Runner::Services runner_services_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::map<std::string, Entry, std::less<>> entries_;  // by UUID
  bool stopping_ = false;
};

Status Mappings::Impl::open() {
  auto cursor = services_.store.cursor(kSpace, storage::Range::prefix(kPrefix));
  for (; cursor->valid(); cursor->next()) {
    TM_TRY(auto mapping, decode(cursor->value()));
    const std::string uuid = mapping.uuid;
    entries_[uuid].mapping = std::move(mapping);
  }
  if (auto status = cursor->status(); !status) return fail(Errc::kInternal, status.error().message);
  for (auto& [uuid, entry] : entries_)
    if (entry.mapping.enabled) start(entry);
  return {};
}

void Mappings::Impl::start(Entry& entry) {
  entry.mapping.state = State::kEnabled;
  entry.runner = std::make_unique<Runner>(runner_services_, entry.mapping,
                                          [this, uuid = entry.mapping.uuid](std::string_view result) {
                                            if (Entry* found = find(uuid)) found->mapping.last_result = result;
                                          });
  entry.runner->start();
}

void Mappings::Impl::stop(runtime::Task done) {
  stopping_ = true;
  auto left = std::make_shared<std::size_t>(1);
  auto finish = std::make_shared<runtime::Task>(std::move(done));
  const auto one_done = [left, finish] {
    if (--*left == 0) (*finish)();
  };
  for (auto& [uuid, entry] : entries_)
    if (entry.runner && entry.mapping.state == State::kEnabled) {
      ++*left;
      entry.runner->stop(one_done);
    }
  services_.home.post(one_done);
}

Mappings::Impl::Entry* Mappings::Impl::find(std::string_view uuid) {
  const auto at = entries_.find(uuid);
  return at == entries_.end() ? nullptr : &at->second;
}

Status Mappings::Impl::check_duplicate(const Mapping& m) const {
  for (const auto& [uuid, entry] : entries_) {
    const Mapping& other = entry.mapping;
    if (other.scope != m.scope || other.kind != m.kind || other.state == State::kDeleting) continue;
    if (m.is_kafka() && !m.group.empty() && other.group == m.group && other.topic == m.topic &&
        other.function_arn != m.function_arn)
      return fail(Errc::kInvalidParameter,
                  fmt::format("The consumer group {} is used by the event source mapping with UUID {}", m.group, uuid));
    if (other.function_arn != m.function_arn) continue;
    if (!m.is_kafka()) {
      if (other.source_arn == m.source_arn)
        return fail(Errc::kConflict, fmt::format("The event source arn (\" {} \") and function (\" {} \") provided "
                                                 "mapping already exists. Please update "
                                                 "or delete the existing mapping with UUID {}",
                                                 m.source_arn, function_name(m.function_arn), uuid));
      continue;
    }
    if (other.topic != m.topic || other.source_arn != m.source_arn || other.bootstrap_servers != m.bootstrap_servers)
      continue;
    const std::string source =
        m.kind == SourceKind::kCluster ? m.source_arn : fmt::format("{}", fmt::join(m.bootstrap_servers, ","));
    return fail(
        Errc::kConflict,
        fmt::format("An event source mapping with event source (\"{}\"), function (\"{}\"), topics (\"{}\") already "
                    "exists. Please update or delete the existing mapping with UUID {}",
                    source, m.function_arn, m.topic, uuid));
  }
  return {};
}

Status Mappings::Impl::check_destination(const Settings& settings) const {
  if (settings.on_failure.empty() || services_.failures.supports(settings.on_failure)) return {};
  return fail(Errc::kInvalidParameter,
              fmt::format("The destination {} is of a kind that is not supported.", settings.on_failure));
}

void Mappings::Impl::create(CreateRequest request, Reply<Mapping, Error> reply) {
  const auto refuse = [&reply](Error error) { std::move(reply)(std::unexpected(std::move(error))); };
  Mapping mapping = std::move(request.mapping);
  if (stopping_) return refuse(Error::internal("The server is stopping."));
  if (entries_.size() >= kMappingsMax)
    return refuse({Errc::kInvalidParameter, "There are too many event source mappings."});
  auto function = services_.invoker.function_arn(mapping.scope, request.function_name);
  if (!function) return refuse({Errc::kInvalidParameter, "Function does not exist"});
  mapping.function_arn = *std::move(function);
  mapping.uuid = services_.random.uuid();
  if (mapping.kind == SourceKind::kSelfManaged && !services_.sources.is_embedded(mapping.bootstrap_servers)) {
    if (mapping.settings.source_access.empty())
      return refuse({Errc::kInvalidParameter, "Required 'sourceAccessConfigurations' parameter is missing."});
  }
  if (mapping.kind == SourceKind::kCluster && !services_.sources.is_embedded_cluster(mapping.source_arn))
    return refuse({Errc::kInvalidParameter, fmt::format("Cluster not found: {}", mapping.source_arn)});
  if (auto status = check_duplicate(mapping); !status) return refuse(status.error());
  if (auto status = check_destination(mapping.settings); !status) return refuse(status.error());
  if (mapping.is_kafka()) {
    if (mapping.group.empty()) mapping.group = mapping.uuid;
    json::Object config;
    config["ConsumerGroupId"] = mapping.group;
    mapping.kafka_config = std::move(config);
  }
  mapping.state = State::kCreating;
  mapping.state_reason = mapping.is_kafka() ? "USER_INITIATED" : "User action";
  mapping.modified = services_.home.clock().wall();

  auto source = open_source(services_.sources, mapping);
  if (!source) {
    if (!mapping.is_kafka() && source.error().code == SourceErrc::kNotFound)
      return refuse({Errc::kInvalidParameter, "Stream not found: " + mapping.source_arn});
    return refuse({Errc::kInvalidParameter, source.error().message});
  }
  // From here on the same mapping cannot be made twice.
  entries_[mapping.uuid].mapping = mapping;
  auto creation = std::make_shared<Creation>(Creation{.mapping = std::move(mapping),
                                                      .source = *std::move(source),
                                                      .parts = {},
                                                      .checkpoints = {},
                                                      .reply = std::move(reply)});
  if (creation->mapping.start.at == Start::At::kTrimHorizon) return commit_creation(std::move(creation));
  // LATEST is the position at this call: nothing that is written after it is answered may be missed.
  creation->source->parts(Reply<std::vector<Part>, SourceError>(
      guarded([this, creation](std::expected<std::vector<Part>, SourceError> parts) {
        if (parts)
          creation->parts = *std::move(parts);
        else if (parts.error().code != SourceErrc::kNotFound)
          return abort_creation(*creation, {Errc::kInvalidParameter, parts.error().message});
        resolve_positions(creation, 0);
      })));
}

void Mappings::Impl::abort_creation(Creation& creation, Error error) {
  entries_.erase(creation.mapping.uuid);
  std::move(creation.reply)(std::unexpected(std::move(error)));
}

void Mappings::Impl::resolve_positions(std::shared_ptr<Creation> creation, std::size_t index) {
  if (index == creation->parts.size()) return commit_creation(std::move(creation));
  creation->source->position(
      creation->parts[index], creation->mapping.start,
      Reply<Position, SourceError>(guarded([this, creation, index](std::expected<Position, SourceError> position) {
        if (!position) return abort_creation(*creation, {Errc::kInvalidParameter, position.error().message});
        creation->checkpoints[creation->parts[index].id].position = *position;
        resolve_positions(creation, index + 1);
      })));
}

void Mappings::Impl::commit_creation(std::shared_ptr<Creation> creation) {
  storage::Mutation mutation;
  mutation.put(kSpace, key_of(creation->mapping.uuid), encode(creation->mapping));
  for (const auto& [part, checkpoint] : creation->checkpoints)
    services_.checkpoints.put(mutation, creation->mapping.uuid, part, checkpoint);
  services_.store.commit(std::move(mutation), services_.home, guarded([this, creation] {
                           const std::string uuid = creation->mapping.uuid;
                           std::move(creation->reply)(creation->mapping);
                           services_.log.info("mapping.created",
                                              {{"mapping", uuid}, {"function", creation->mapping.function_arn}});
                           services_.home.post(guarded([this, uuid] { settle(uuid); }));
                         }));
}

// Brings a mapping whose change is stored, and whose runner is down, to the state that it asks for.
void Mappings::Impl::settle(const std::string& uuid) {
  Entry* entry = find(uuid);
  if (!entry || stopping_) return;
  entry->runner.reset();
  if (entry->mapping.enabled)
    start(*entry);
  else
    entry->mapping.state = State::kDisabled;
}

void Mappings::Impl::store(const Mapping& mapping, runtime::Task done) {
  storage::Mutation mutation;
  mutation.put(kSpace, key_of(mapping.uuid), encode(mapping));
  services_.store.commit(std::move(mutation), services_.home, std::move(done));
}

Result<Mapping> Mappings::Impl::get(std::string_view uuid) const {
  const auto at = entries_.find(uuid);
  if (at == entries_.end()) return not_found();
  return at->second.mapping;
}

void Mappings::Impl::update(UpdateRequest request, Reply<Mapping, Error> reply) {
  const auto refuse = [&reply](Error error) { std::move(reply)(std::unexpected(std::move(error))); };
  Entry* entry = find(request.uuid);
  if (!entry) return refuse(not_found().error());
  Mapping& mapping = entry->mapping;
  if (mapping.state != State::kEnabled && mapping.state != State::kDisabled)
    return refuse({Errc::kInUse, "Cannot update the event source mapping because it is in use."});
  auto settings = updated(mapping, request.body);
  if (!settings) return refuse(settings.error());
  if (auto status = check_destination(*settings); !status) return refuse(status.error());
  std::string function_arn = mapping.function_arn;
  if (request.function_name) {
    auto found = services_.invoker.function_arn(mapping.scope, *request.function_name);
    if (!found) return refuse({Errc::kInvalidParameter, "Function does not exist"});
    function_arn = *std::move(found);
  }
  const bool was_enabled = mapping.enabled;
  mapping.settings = *std::move(settings);
  mapping.function_arn = std::move(function_arn);
  mapping.enabled = request.enabled.value_or(was_enabled);
  mapping.modified = services_.home.clock().wall();
  mapping.state = mapping.enabled == was_enabled ? State::kUpdating
                  : mapping.enabled              ? State::kEnabling
                                                 : State::kDisabling;
  const std::string uuid = mapping.uuid;
  store(mapping, guarded([this, uuid, reply = std::move(reply)]() mutable {
          Entry* found = find(uuid);
          if (!found) return std::move(reply)(not_found());
          std::move(reply)(found->mapping);
          services_.log.info("mapping.updated", {{"mapping", uuid}, {"state", to_string(found->mapping.state)}});
          if (stopping_) return;
          if (!found->runner) return services_.home.post(guarded([this, uuid] { settle(uuid); }));
          found->runner->stop(guarded([this, uuid] { settle(uuid); }));
        }));
}

void Mappings::Impl::remove(std::string_view uuid, Reply<Mapping, Error> reply) {
  Entry* entry = find(uuid);
  if (!entry) return std::move(reply)(not_found());
  if (entry->mapping.state != State::kEnabled && entry->mapping.state != State::kDisabled)
    return std::move(reply)(fail(Errc::kInUse, "Cannot delete the event source mapping because it is in use."));
  entry->mapping.state = State::kDeleting;
  entry->runner.reset();  // a running invocation ends by itself; nothing follows it
  storage::Mutation mutation;
  mutation.erase(kSpace, key_of(entry->mapping.uuid));
  services_.checkpoints.erase(mutation, entry->mapping.uuid);
  services_.store.commit(std::move(mutation), services_.home,
                         guarded([this, id = std::string(uuid), reply = std::move(reply)]() mutable {
                           Entry* found = find(id);
                           if (!found) return std::move(reply)(not_found());
                           const Mapping mapping = found->mapping;
                           services_.log.info("mapping.deleted", {{"mapping", id}});
                           services_.home.post(guarded([this, id] { entries_.erase(id); }));
                           std::move(reply)(mapping);
                         }));
}

Mappings::Page Mappings::Impl::list(const ListRequest& request) const {
  Page page;
  std::string function;
  if (!request.function_name.empty()) {
    const auto arn = services_.invoker.function_arn(request.scope, request.function_name);
    function = arn.value_or(request.function_name.starts_with("arn:")
                                ? request.function_name
                                : fmt::format("arn:aws:lambda:{}:{}:function:{}", request.scope.region,
                                              request.scope.account, request.function_name));
  }
  const std::size_t max = std::clamp<std::size_t>(request.max_items, 1, kPageMax);
  for (auto at = entries_.upper_bound(request.marker); at != entries_.end(); ++at) {
    const Mapping& mapping = at->second.mapping;
    if (mapping.scope != request.scope) continue;
    if (!request.source_arn.empty() && mapping.source_arn != request.source_arn) continue;
    if (!function.empty() && mapping.function_arn != function) continue;
    if (page.mappings.size() == max) {
      page.next_marker = page.mappings.back().uuid;
      return page;
    }
    page.mappings.push_back(mapping);
  }
  return page;
}

Result<std::map<std::string, std::string>> Mappings::Impl::tags(std::string_view arn) const {
  for (const auto& [uuid, entry] : entries_)
    if (entry.mapping.arn() == arn) return entry.mapping.tags;
  return not_found();
}

void Mappings::Impl::tag(std::string_view arn, std::map<std::string, std::string> add, std::vector<std::string> remove,
                         Reply<void, Error> reply) {
  const auto at =
      std::ranges::find_if(entries_, [arn](const auto& entry) { return entry.second.mapping.arn() == arn; });
  if (at == entries_.end()) return std::move(reply)(not_found());
  auto tags = at->second.mapping.tags;
  for (auto& [name, value] : add) tags[name] = std::move(value);
  for (const std::string& name : remove) tags.erase(name);
  if (tags.size() > kTagsMax)
    return std::move(reply)(
        fail(Errc::kInvalidParameter, fmt::format("Number of tags exceeds the maximum of {}.", kTagsMax)));
  at->second.mapping.tags = std::move(tags);
  store(at->second.mapping, [reply = std::move(reply)]() mutable { std::move(reply)({}); });
}

bool Mappings::Impl::is_idle() const {
  return std::ranges::all_of(entries_, [](const auto& item) {
    const Entry& entry = item.second;
    if (entry.mapping.state == State::kDisabled) return true;
    return entry.mapping.state == State::kEnabled && entry.runner && entry.runner->is_idle();
  });
}

Mappings::Mappings(Services services, Pace pace) : impl_(std::make_unique<Impl>(services, pace)) {}
Mappings::~Mappings() = default;
Status Mappings::open() { return impl_->open(); }
void Mappings::stop(runtime::Task done) { impl_->stop(std::move(done)); }
void Mappings::create(CreateRequest request, Reply<Mapping, Error> reply) {
  impl_->create(std::move(request), std::move(reply));
}
Result<Mapping> Mappings::get(std::string_view uuid) const { return impl_->get(uuid); }
void Mappings::update(UpdateRequest request, Reply<Mapping, Error> reply) {
  impl_->update(std::move(request), std::move(reply));
}
void Mappings::remove(std::string_view uuid, Reply<Mapping, Error> reply) { impl_->remove(uuid, std::move(reply)); }
Mappings::Page Mappings::list(const ListRequest& request) const { return impl_->list(request); }
Result<std::map<std::string, std::string>> Mappings::tags(std::string_view arn) const { return impl_->tags(arn); }
void Mappings::tag(std::string_view arn, std::map<std::string, std::string> add, std::vector<std::string> remove,
                   Reply<void, Error> reply) {
  impl_->tag(arn, std::move(add), std::move(remove), std::move(reply));
}
bool Mappings::is_idle() const { return impl_->is_idle(); }

}  // namespace tidemill::triggers
