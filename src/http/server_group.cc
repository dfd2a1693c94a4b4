#include "http/server_group.h"

namespace tidemill::http {

ServerGroup::ServerGroup(std::vector<Member> members, const LoopHandler& handler, const Options& options)
    : members_(std::move(members)) {
  for (const auto& member : members_) {
    auto its = options.server;
    if (!servers_.empty()) {
      its.open_body = nullptr;  // who takes a body lives at home
      its.is_elsewhere = options.home_only ? options.home_only : [](const Request&) { return true; };
      its.hand_over = [&home = members_.front(), server = servers_.front().get()](
                          std::unique_ptr<runtime::Connection> released, std::string bytes) {
        home.loop.post([&home, server, released = std::move(released), bytes = std::move(bytes)]() mutable {
          server->accept(home.network.adopt(std::move(released)), bytes);
        });
      };
    }
    servers_.push_back(std::make_unique<Server>(
        member.loop, member.network,
        [&loop = member.loop, handler](Request&& request, Responder&& respond) {
          handler(loop, std::move(request), std::move(respond));
        },
        std::move(its)));
  }
}

Status ServerGroup::listen(const runtime::Address& address) {
  TM_TRY(auto listener, members_.front().network.listen(
                            address, [this](std::unique_ptr<runtime::Connection> c) { deal(std::move(c)); }));
  listeners_.push_back(std::move(listener));
  return {};
}

runtime::Address ServerGroup::address() const {
  return listeners_.empty() ? runtime::Address{} : listeners_.front()->address();
}

void ServerGroup::deal(std::unique_ptr<runtime::Connection> connection) {
  const auto at = next_++ % members_.size();
  if (at == 0) return servers_.front()->accept(std::move(connection));
  connection->release();
  const auto& member = members_[at];
  member.loop.post([&member, server = servers_[at].get(), connection = std::move(connection)]() mutable {
    server->accept(member.network.adopt(std::move(connection)));
  });
}

// Home comes last: until the others have drained, connections come from them. What a loop posts arrives in order, so
// the last of these has arrived when the loop says that it is done.
void ServerGroup::drain(runtime::Task drained) {
  listeners_.clear();
  struct Waiting {
    std::size_t loops;
    runtime::Task drained;
  };
  auto waiting = std::make_shared<Waiting>(members_.size() - 1, std::move(drained));
  if (waiting->loops == 0) return servers_.front()->drain(std::move(waiting->drained));
  for (std::size_t i = 1; i < members_.size(); ++i) {
    members_[i].loop.post([this, server = servers_[i].get(), waiting] {
      server->drain([this, waiting] {
        members_.front().loop.post([this, waiting] {
          if (--waiting->loops == 0) servers_.front()->drain(std::move(waiting->drained));
        });
      });
    });
  }
}

}  // namespace tidemill::http
