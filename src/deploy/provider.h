// A ResourceProvider makes, changes and removes the resources of one type. The deploy engine owns this interface;
// resources/ implements it on the engines. All calls and replies are on the home loop.
//
// A provider is asked for a desired state, and may be asked again after a restart:
//   create  with `resumed`, an earlier call with the same token may have made the resource already. A provider that can
//   tell
//           (its ids come from the token, or may_be_ours() holds) then answers with what is there.
//   update  brings the resource to `properties`; repeating it changes nothing.
//   remove  of what is not there succeeds.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/reply.h"
#include "base/scope.h"
#include "base/time_text.h"
#include "deploy/error.h"

namespace tidemill::deploy {

// The error codes of CloudFormation's resource handlers, as events show them.
enum class HandlerErrc : unsigned char {
  kInvalidRequest,
  kNotFound,
  kAlreadyExists,
  kResourceConflict,
  kAccessDenied,
  kServiceLimitExceeded,
  kNotStabilized,
  kUnsupported,  // shown as InvalidRequest: a property that this type has, but not here
  kInternalFailure,
};
std::string_view to_string(HandlerErrc code);

struct [[nodiscard]] HandlerError {
  HandlerErrc code = HandlerErrc::kInternalFailure;
  std::string message;
  static HandlerError internal(std::string_view text) { return {HandlerErrc::kInternalFailure, std::string(text)}; }
};
inline std::unexpected<HandlerError> refuse(HandlerErrc code, std::string message) {
  return std::unexpected(HandlerError{code, std::move(message)});
}

struct Tag {
  std::string key, value;
  bool operator==(const Tag&) const = default;
};

// What stays true of a resource while its properties change.
struct ResourceContext {
  Scope scope;
  std::string stack_name;
  std::string stack_id;
  std::string logical_id;
  std::string token;      // of this resource's making: ids may be derived from it
  std::vector<Tag> tags;  // of the stack
};

// What Ref and Fn::GetAtt give.
struct Outcome {
  std::string physical_id;  // Ref, and the key of later calls
  json::Object attributes;
};

struct CreateRequest {
  ResourceContext context;
  json::Value properties;      // resolved
  std::string generated_name;  // for types with a name property, when the template names none
  bool resumed = false;
  WallTime begun{};  // when the first call with this token was made

  // Whether a resource of that name, found there, was made by the earlier call: the name is one that only we know, or
  // the resource is not older than the call. Before that call the name was free, or the call would have failed.
  bool may_be_ours(std::string_view name, WallTime created) const {
    return resumed && (name == generated_name || epoch_ms(created) >= epoch_ms(begun));
  }
};

struct UpdateRequest {
  ResourceContext context;
  std::string physical_id;
  json::Value properties;
  json::Value old_properties;
  json::Object old_attributes;
};

struct RemoveRequest {
  ResourceContext context;
  std::string physical_id;
  json::Value properties;
  json::Object attributes;
};

// How generated names look: STACK-LOGICALID-XXXXXXXXXXXX, cut to `max` with the random end kept.
struct NameRule {
  std::string property;  // empty: the type has no name of its own
  std::size_t max = 64;
  bool lower_case = false;
  std::string suffix;  // kept at the end when the property `suffix_when` is true (".fifo")
  std::string suffix_when;
};

struct ResourceSchema {
  std::string type;                   // "AWS::DynamoDB::Table"
  std::vector<std::string> required;  // properties
  std::vector<std::string>
      replacement;  // changes of these make a new resource: "KeySchema", "EncryptionInfo/EncryptionAtRest", "*" for all
  std::vector<std::string> attributes;  // of Fn::GetAtt; "*" for any
  // Attributes whose value another in-place change gives anew: {"StreamArn", "StreamSpecification"}.
  std::vector<std::pair<std::string, std::string>> changing_attributes;
  NameRule name;
  bool needs_capability = false;  // CAPABILITY_IAM, and CAPABILITY_NAMED_IAM when it has a name
};

enum class Replacement : unsigned char { kFalse, kConditional, kTrue };

class ResourceProvider {
 public:
  virtual ~ResourceProvider() = default;
  virtual const ResourceSchema& schema() const = 0;

  // What is wrong with properties that are known before anything is made. Those that hold kKnownAfterApply may be
  // skipped.
  virtual std::expected<void, HandlerError> validate(const json::Value& properties) const;
  // True when this change of a property needs a new resource. By default what the schema says.
  virtual bool replaces(std::string_view property, const json::Value& before, const json::Value& after) const;

  virtual void create(CreateRequest request, Reply<Outcome, HandlerError> reply) = 0;
  virtual void update(UpdateRequest request, Reply<Outcome, HandlerError> reply) = 0;
  virtual void remove(RemoveRequest request, Reply<Outcome, HandlerError> reply) = 0;  // the outcome is not read
};

// All types that this server knows.
class Providers {
 public:
  void add(std::unique_ptr<ResourceProvider> provider);
  // A type ending in "::*" (Custom::*) answers for all that begin so. Null when nobody does.
  ResourceProvider* find(std::string_view type) const;
  std::vector<std::string> types() const;

 private:
  std::vector<std::unique_ptr<ResourceProvider>> providers_;
};

// The value at a path like "A/B" within properties, or null.
const json::Value* at_path(const json::Value& properties, std::string_view path);

}  // namespace tidemill::deploy
