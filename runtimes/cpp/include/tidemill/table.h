// Tables, called with the function's own credentials. Calls block until they are answered.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tidemill/item.h"

namespace tidemill::function {

// One keep-alive connection to the endpoint of AWS_ENDPOINT_URL (plain HTTP), requests signed with Signature Version 4.
class Client {
 public:
  struct Settings {
    std::string endpoint;  // http://host:port
    std::string region;
    std::string access_key_id, secret_access_key, session_token;
  };
  static Settings from_environment();
  explicit Client(Settings settings = from_environment());
  ~Client();
  Client(const Client&) = delete;

  // "PutItem" with its request; the response, or the service's error (type without namespace). A broken connection is
  // opened anew once, before anything of the request was answered.
  Outcome<Json> call(std::string_view operation, const Json& request);

 private:
  struct Connection;
  const Settings settings_;
  std::unique_ptr<Connection> connection_;
};

class Table {
 public:
  Table(Client& client, std::string name) : client_(client), name_(std::move(name)) {}

  Outcome<void> put(const Item& item, std::string_view condition = "");
  Outcome<std::optional<Item>> get(const Item& key, bool consistent = true);
  // `values` holds the :names of the expression, `names` the #names.
  Outcome<Item> update(const Item& key, std::string_view expression, const Item& values = {},
                       std::string_view condition = "");
  Outcome<void> remove(const Item& key);
  Outcome<std::vector<Item>> query(std::string_view key_condition, const Item& values,
                                   std::string_view index = "");  // all pages

 private:
  Client& client_;
  const std::string name_;
};

}  // namespace tidemill::function
