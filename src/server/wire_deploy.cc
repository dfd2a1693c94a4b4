// Routes and deploy: APIs on the edge, and the stacks that make everything from templates.
#include "resources/resources.h"
#include "server/parts.h"

namespace tidemill::server {

Status Server::Parts::open_routes() {
  route_invoker.emplace(*functions, *identity);
  routes.emplace(routes::Routes::Services{
      .store = *store, .loop = loop, .random = random, .log = log, .functions = *route_invoker});
  TM_CHECK(routes->load());
  gateway_front.emplace(*routes, *identity);
  gateway_front->mount(edge);
  return {};
}

Status Server::Parts::open_deploy() {
  deploy.emplace(deploy::Engine::Services{.store = *store, .loop = loop, .random = random, .log = log},
                 deploy::Providers{});
  auto& providers = deploy->providers();
  resources::add(providers, resources::make_iam(*directory));
  resources::add(providers, resources::make_api_gateway(*routes));
  resources::add(providers, resources::make_functions(*functions, deploy->assets()));
  resources::add(providers, resources::make_tables(*tables, loop));
  resources::add(providers, resources::make_mappings(*mappings, loop));
  resources::add(providers, resources::make_logs(*function_logs));
  resources::add(providers, resources::make_msk(*named_clusters));
  resources::add(providers, resources::make_queues(*queues, "http://" + http->address().text()));
  resources::add(providers, resources::make_buckets(*objects));
  resources::add(providers, resources::make_stored());
  TM_CHECK(deploy->load());
  deploy_front.emplace(*deploy, *identity);
  deploy_front->mount(edge);
  return {};
}

}  // namespace tidemill::server
