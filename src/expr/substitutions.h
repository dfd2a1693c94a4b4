// ExpressionAttributeNames and ExpressionAttributeValues of one request, and which of them its expressions used.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "expr/error.h"
#include "expr/path.h"
#include "item/attribute_value.h"

namespace tidemill::expr {

class Substitutions {
 public:
  // The keys with their marks: "#n", ":v".
  void define_name(std::string_view reference, std::string name);
  void define_value(std::string_view reference, item::AttributeValue value);

  // nullptr when not defined. The look-up counts as use.
  const std::string* use_name(std::string_view reference);
  const item::AttributeValue* use_value(std::string_view reference);

  // `#a, #b`; empty when all were used.
  std::string unused_names() const;
  std::string unused_values() const;

  // Fills names into a path; the error is without prefix.
  Result<Path> resolve(const PathText& path);

 private:
  template <class T>
  struct Entry {
    T value;
    bool used = false;
  };
  std::map<std::string, Entry<std::string>, std::less<>> names_;
  std::map<std::string, Entry<item::AttributeValue>, std::less<>> values_;
};

}  // namespace tidemill::expr
