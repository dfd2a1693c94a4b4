// Shards of streams on demand: rolling over and splitting, which otherwise happen by time or not at all; see README.md.
#pragma once

#include "api/common/edge.h"
#include "auth/identity.h"
#include "http/message.h"
#include "runtime/executor.h"
#include "streams/streams.h"
#include "tables/engine.h"

namespace tidemill::admin {

class StreamsFront {
 public:
  StreamsFront(streams::Streams& streams, tables::Tables& tables, const auth::Identity& identity, runtime::Loop& loop)
      : streams_(streams), tables_(tables), identity_(identity), loop_(loop) {}
  void mount(api::Edge& edge);

  static constexpr std::string_view kPrefix = "/_admin/streams";

 private:
  void roll_over(http::Request request, http::Responder respond);
  void split(http::Request request, http::Responder respond);
  json::Value shards(const std::string& arn) const;

  streams::Streams& streams_;
  tables::Tables& tables_;
  const auth::Identity& identity_;
  runtime::Loop& loop_;
};

}  // namespace tidemill::admin
