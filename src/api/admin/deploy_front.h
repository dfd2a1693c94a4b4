// The calls behind `tidemill deploy`; see README.md.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "api/common/edge.h"
#include "auth/identity.h"
#include "deploy/engine.h"
#include "http/message.h"

namespace tidemill::admin {

class DeployFront {
 public:
  DeployFront(deploy::Engine& engine, const auth::Identity& identity) : engine_(engine), identity_(identity) {}
  void mount(api::Edge& edge);

  static constexpr std::string_view kPrefix = "/_admin/deploy";

 private:
  struct Watching;
  void handle(const http::Request& request, http::Responder respond);
  void missing(const Scope& scope, const json::Value& body, http::Responder respond);
  void asset(const Scope& scope, const http::Request& request, http::Responder respond);
  void plan(const Scope& scope, const json::Value& body, http::Responder respond);
  void execute(const Scope& scope, const json::Value& body, http::Responder respond);
  void discard(const Scope& scope, const json::Value& body, http::Responder respond);
  void destroy(const Scope& scope, const json::Value& body, http::Responder respond);
  void stacks(const Scope& scope, http::Responder respond);
  std::shared_ptr<Watching> watch(const deploy::Stack& stack, http::Responder respond);
  void finish_when_done(const deploy::Stack& stack, std::shared_ptr<Watching> watching);

  deploy::Engine& engine_;
  const auth::Identity& identity_;
};

}  // namespace tidemill::admin
