// The resource types that stacks can hold: one file a type (or a family), each a ResourceProvider that turns properties
// into the requests of an engine. Each make_ function gives the providers of one family.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy/assets.h"
#include "deploy/provider.h"

namespace tidemill::auth {
class Directory;
}
namespace tidemill::functions {
class Functions;
class LogStore;
}  // namespace tidemill::functions
namespace tidemill::routes {
class Routes;
}
namespace tidemill::runtime {
class Loop;
}
namespace tidemill::objects {
class Objects;
}
namespace tidemill::queues {
class Queues;
}
namespace tidemill::topics {
class NamedClusters;
}
namespace tidemill::tables {
class Tables;
}
namespace tidemill::triggers {
class Mappings;
}

namespace tidemill::resources {

using Family = std::vector<std::unique_ptr<deploy::ResourceProvider>>;

Family make_iam(auth::Directory& directory);      // Role, Policy, ManagedPolicy
Family make_api_gateway(routes::Routes& routes);  // RestApi, Resource, Method, Deployment, Stage, Account
Family make_stored();                             // networks and other things that only have ids; CDK metadata
// Function, Permission. `assets` holds the code that templates name by bucket and key.
Family make_functions(functions::Functions& functions, const deploy::Assets& assets);
Family make_tables(tables::Tables& tables, runtime::Loop& loop);
Family make_mappings(triggers::Mappings& mappings, runtime::Loop& loop);
Family make_logs(functions::LogStore& logs);       // LogGroup, Custom::LogRetention
Family make_msk(topics::NamedClusters& clusters);  // Cluster, ServerlessCluster
Family make_buckets(objects::Objects& objects);    // Bucket
// `endpoint`: what queue URLs begin with, "http://HOST:PORT".
Family make_queues(queues::Queues& queues, std::string endpoint);

inline void add(deploy::Providers& providers, Family family) {
  for (auto& provider : family) providers.add(std::move(provider));
}

}  // namespace tidemill::resources
