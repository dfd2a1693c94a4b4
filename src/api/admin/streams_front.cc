#include "api/admin/streams_front.h"

#include "api/admin/answer.h"

namespace tidemill::admin {
namespace {

int status_of(tables::Errc code) { return code == tables::Errc::kResourceNotFound ? 404 : 409; }

}  // namespace

void StreamsFront::mount(api::Edge& edge) {
  edge.add_path(std::string(kPrefix) + "/roll-over",
                [this](http::Request request, runtime::Executor&, http::Responder respond) {
                  roll_over(std::move(request), std::move(respond));
                });
  edge.add_path(std::string(kPrefix) + "/split",
                [this](http::Request request, runtime::Executor&, http::Responder respond) {
                  split(std::move(request), std::move(respond));
                });
}

// The open shards.
json::Value StreamsFront::shards(const std::string& arn) const {
  json::Array open;
  if (const auto stream = streams_.find_stream(arn)) {
    for (const auto& shard : stream->shards) {
      if (!shard.end) open.push_back(shard.id);
    }
  }
  json::Object out;
  out["open"] = std::move(open);
  return out;
}

void StreamsFront::roll_over(http::Request request, http::Responder respond) {
  if (auto allowed = admit(request, identity_, "tidemill:RollOver"); !allowed)
    return answer(std::move(respond), 403, message(allowed.error()));
  const auto body = json::Value::parse(request.body);
  const std::string arn = body ? body->string_or("stream") : "";
  if (request.method != "POST" || arn.empty())
    return answer(std::move(respond), 400, message("POST {\"stream\": ARN}"));
  if (auto done = streams_.roll_over(arn); !done) return answer(std::move(respond), 404, message(done.error().message));
  answer(std::move(respond), 200, shards(arn));
}

void StreamsFront::split(http::Request request, http::Responder respond) {
  if (auto allowed = admit(request, identity_, "tidemill:SplitShard"); !allowed)
    return answer(std::move(respond), 403, message(allowed.error()));
  const auto body = json::Value::parse(request.body);
  const std::string arn = body ? body->string_or("stream") : "", shard = body ? body->string_or("shard") : "";
  if (request.method != "POST" || arn.empty() || shard.empty())
    return answer(std::move(respond), 400, message("POST {\"stream\": ARN, \"shard\": ID}"));
  const auto stream = streams_.find_stream(arn);
  if (!stream || !stream->enabled)
    return answer(std::move(respond), 404, message("there is no such stream, or it is disabled"));
  tables_.split_shard(
      stream->scope, stream->table, shard, loop_,
      tables::Reply<tables::TableDescription>([this, arn, respond = std::move(respond)](const auto& result) mutable {
        if (!result) {
          return answer(std::move(respond), status_of(result.error().code), message(result.error().message));
        }
        answer(std::move(respond), 200, shards(arn));
      }));
}

}  // namespace tidemill::admin
