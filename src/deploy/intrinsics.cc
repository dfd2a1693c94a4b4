#include "deploy/intrinsics.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>

#include "base/bytes.h"

namespace tidemill::deploy {
namespace {

using Optional = std::optional<json::Value>;

const json::Value& unknown_value() {
  static const json::Value kValue(kKnownAfterApply);
  return kValue;
}

std::unexpected<Error> template_error(std::string what) { return invalid("Template error: " + std::move(what)); }

class Evaluator {
 public:
  explicit Evaluator(const Evaluation& scope) : scope_(scope) {}

  Result<Optional> run(const json::Value& value);
  Result<bool> condition(const json::Value& value);

 private:
  Result<json::Value> present(const json::Value& value);
  Result<json::Value> call(std::string_view function, const json::Value& argument);
  Result<Optional> reference(const json::Value& argument);
  Result<json::Value> named(std::string_view name);
  Result<json::Value> get_att(const json::Value& argument);
  Result<json::Value> attribute(std::string_view id, std::string_view name);
  Result<json::Value> sub(const json::Value& argument);
  Result<json::Value> join(const json::Value& argument);
  Result<json::Value> select(const json::Value& argument);
  Result<json::Value> split(const json::Value& argument);
  Result<json::Value> find_in_map(const json::Value& argument);
  Result<json::Value> cidr(const json::Value& argument);
  Result<Optional> choose(const json::Value& argument);
  Result<std::string> text(const json::Value& value);
  Result<const json::Array*> arguments(std::string_view function, const json::Value& argument, std::size_t from,
                                       std::size_t to);
  // A list that may be the result of a function; entries without a value are gone.
  Result<json::Value> list(std::string_view function, const json::Value& value);

  const Evaluation& scope_;
};

Result<json::Value> Evaluator::present(const json::Value& value) {
  TM_TRY(auto result, run(value));
  if (!result) return template_error("AWS::NoValue stands where a value is needed");
  return *std::move(result);
}

Result<std::string> Evaluator::text(const json::Value& value) {
  TM_TRY(const auto result, present(value));
  auto out = scalar_text(result);
  if (!out) return template_error(fmt::format("expected a string, found {}", result.text()));
  return *std::move(out);
}

Result<const json::Array*> Evaluator::arguments(std::string_view function, const json::Value& argument,
                                                std::size_t from, std::size_t to) {
  if (!argument.is_array() || argument.as_array().size() < from || argument.as_array().size() > to) {
    return from == to
               ? template_error(fmt::format("{} object requires a list of {} parameters", function, from))
               : template_error(fmt::format("{} object requires a list of {} to {} parameters", function, from, to));
  }
  return &argument.as_array();
}

Result<json::Value> Evaluator::list(std::string_view function, const json::Value& value) {
  TM_TRY(auto result, present(value));
  if (!is_known(result) && !result.is_array()) return result;
  if (!result.is_array()) return template_error(fmt::format("{} requires a list, found {}", function, result.text()));
  return result;
}

Result<Optional> Evaluator::run(const json::Value& value) {
  if (value.is_array()) {
    json::Array out;
    out.reserve(value.as_array().size());
    for (const auto& element : value.as_array()) {
      TM_TRY(auto result, run(element));
      if (result) out.push_back(*std::move(result));
    }
    return Optional(std::move(out));
  }
  if (value.is_object()) {
    if (const auto* function = as_function(value)) {
      if (function->first == "Ref") return reference(function->second);
      if (function->first == "Fn::If") return choose(function->second);
      TM_TRY(auto result, call(function->first, function->second));
      return Optional(std::move(result));
    }
    json::Object out;
    for (const auto& [name, member] : value.as_object()) {
      if (name.starts_with("Fn::"))
        return template_error(fmt::format("the function {} must be the only member of its object", name));
      TM_TRY(auto result, run(member));
      if (result) out[name] = *std::move(result);
    }
    return Optional(std::move(out));
  }
  if (value.is_string() && scope_.dynamic_reference && value.as_string().find("{{resolve:") != std::string::npos) {
    const std::string& text = value.as_string();
    std::string out;
    std::size_t at = 0;
    for (;;) {
      const auto begin = text.find("{{resolve:", at);
      if (begin == std::string::npos) break;
      const auto end = text.find("}}", begin);
      if (end == std::string::npos) return template_error("a dynamic reference is not closed: " + text.substr(begin));
      out.append(text, at, begin - at);
      TM_TRY(const auto resolved,
             scope_.dynamic_reference(std::string_view(text).substr(begin + 10, end - begin - 10)));
      out += resolved;
      at = end + 2;
    }
    out.append(text, at, std::string::npos);
    return Optional(std::move(out));
  }
  return Optional(value);
}

Result<Optional> Evaluator::reference(const json::Value& argument) {
  if (!argument.is_string()) return invalid("Template format error: every Ref object must have a single String value.");
  if (argument.as_string() == "AWS::NoValue") return Optional();
  TM_TRY(auto value, named(argument.as_string()));
  return Optional(std::move(value));
}

Result<json::Value> Evaluator::named(std::string_view name) {
  const auto& pseudo = scope_.pseudo;
  if (name == "AWS::Region") return json::Value(pseudo.region);
  if (name == "AWS::AccountId") return json::Value(pseudo.account);
  if (name == "AWS::Partition") return json::Value(pseudo.partition);
  if (name == "AWS::URLSuffix") return json::Value(pseudo.url_suffix);
  if (name == "AWS::StackName") return json::Value(pseudo.stack_name);
  if (name == "AWS::StackId") return json::Value(pseudo.stack_id);
  if (name == "AWS::NotificationARNs") {
    json::Array arns;
    for (const auto& arn : pseudo.notification_arns) arns.emplace_back(arn);
    return json::Value(std::move(arns));
  }
  if (const auto parameter = scope_.parameters.find(name); parameter != scope_.parameters.end())
    return parameter->second;
  if (scope_.source->resources.contains(name) && scope_.resources != nullptr) return scope_.resources->ref(name);
  return invalid(
      fmt::format("Template format error: Unresolved dependencies [{}]. Cannot reference resources in the Conditions "
                  "block of the template",
                  name));
}

Result<json::Value> Evaluator::attribute(std::string_view id, std::string_view name) {
  if (scope_.resources == nullptr || !scope_.source->resources.contains(id)) {
    return template_error(fmt::format("instance of Fn::GetAtt references undefined resource {}", id));
  }
  return scope_.resources->attribute(id, name);
}

Result<json::Value> Evaluator::get_att(const json::Value& argument) {
  if (argument.is_string()) {
    const auto& joined = argument.as_string();
    const auto dot = joined.find('.');
    if (dot != std::string::npos) return attribute(joined.substr(0, dot), joined.substr(dot + 1));
  }
  TM_TRY(const auto* list, arguments("Fn::GetAtt", argument, 2, 2));
  TM_TRY(const auto id, text((*list)[0]));
  TM_TRY(const auto name, text((*list)[1]));
  return attribute(id, name);
}

Result<json::Value> Evaluator::sub(const json::Value& argument) {
  const json::Value* source = &argument;
  json::Object variables;
  if (argument.is_array()) {
    TM_TRY(const auto* list, arguments("Fn::Sub", argument, 2, 2));
    source = &(*list)[0];
    if (!(*list)[1].is_object())
      return template_error(
          "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first "
          "argument, and an optional second argument to specify a mapping of values to replace in the string");
    for (const auto& [name, value] : (*list)[1].as_object()) {
      TM_TRY(auto result, present(value));
      variables[name] = std::move(result);
    }
  }
  if (!source->is_string())
    return template_error(
        "One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, "
        "and an optional second argument to specify a mapping of values to replace in the string");
  TM_TRY(const auto pieces, split_sub(source->as_string()));
  std::string out;
  for (const auto& piece : pieces) {
    if (piece.kind == SubPiece::Kind::kText) {
      out += piece.text;
      continue;
    }
    json::Value value;
    const auto dot = piece.text.find('.');
    if (const auto* variable = variables.find(piece.text)) {
      value = *variable;
    } else if (dot != std::string::npos) {
      TM_TRY(value,
             attribute(std::string_view(piece.text).substr(0, dot), std::string_view(piece.text).substr(dot + 1)));
    } else {
      TM_TRY(value, named(piece.text));
    }
    const auto part = scalar_text(value);
    if (!part)
      return template_error(fmt::format("Fn::Sub needs a string for ${{{}}}, found {}", piece.text, value.text()));
    out += *part;
  }
  // The text itself may hold a dynamic reference.
  return present(json::Value(std::move(out)));
}

Result<json::Value> Evaluator::join(const json::Value& argument) {
  TM_TRY(const auto* list_argument, arguments("Fn::Join", argument, 2, 2));
  TM_TRY(const auto delimiter, text((*list_argument)[0]));
  TM_TRY(const auto parts, list("Fn::Join", (*list_argument)[1]));
  if (!parts.is_array()) return unknown_value();
  std::string out;
  bool first = true;
  for (const auto& part : parts.as_array()) {
    if (!std::exchange(first, false)) out += delimiter;
    const auto one = scalar_text(part);
    if (!one)
      return template_error(
          "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be "
          "joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.");
    out += *one;
  }
  return present(json::Value(std::move(out)));
}

Result<json::Value> Evaluator::select(const json::Value& argument) {
  TM_TRY(const auto* both, arguments("Fn::Select", argument, 2, 2));
  TM_TRY(const auto index_text, text((*both)[0]));
  TM_TRY(const auto values, list("Fn::Select", (*both)[1]));
  if (!values.is_array()) return unknown_value();
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(index_text.data(), index_text.data() + index_text.size(), index);
  if (error != std::errc{} || end != index_text.data() + index_text.size()) {
    return template_error("Fn::Select requires a list argument with two elements: an integer index and a list");
  }
  if (index >= values.as_array().size()) {
    return template_error(fmt::format("Fn::Select cannot select nonexistent value at index {}", index));
  }
  return values.as_array()[index];
}

Result<json::Value> Evaluator::split(const json::Value& argument) {
  TM_TRY(const auto* both, arguments("Fn::Split", argument, 2, 2));
  TM_TRY(const auto delimiter, text((*both)[0]));
  TM_TRY(const auto source, text((*both)[1]));
  if (delimiter.empty())
    return template_error(
        "every Fn::Split object requires two parameters, (1) a non-empty string delimiter and (2) a string to be split "
        "or a function that returns a string to be split.");
  if (source.find(kKnownAfterApply) != std::string::npos) return unknown_value();
  json::Array parts;
  std::size_t at = 0;
  for (;;) {
    const auto next = source.find(delimiter, at);
    parts.emplace_back(source.substr(at, next == std::string::npos ? next : next - at));
    if (next == std::string::npos) break;
    at = next + delimiter.size();
  }
  return json::Value(std::move(parts));
}

Result<json::Value> Evaluator::find_in_map(const json::Value& argument) {
  TM_TRY(const auto* list_argument, arguments("Fn::FindInMap", argument, 3, 4));
  const json::Value* fallback = list_argument->size() == 4 ? (*list_argument)[3].find("DefaultValue") : nullptr;
  if (list_argument->size() == 4 && (fallback == nullptr || !scope_.source->has_transform("AWS::LanguageExtensions"))) {
    return template_error("Fn::FindInMap with a DefaultValue needs the transform AWS::LanguageExtensions");
  }
  TM_TRY(const auto map, text((*list_argument)[0]));
  TM_TRY(const auto row, text((*list_argument)[1]));
  TM_TRY(const auto column, text((*list_argument)[2]));
  const auto* mapping = scope_.source->mappings.find(map);
  if (mapping == nullptr && fallback == nullptr)
    return template_error(fmt::format("Mapping named '{}' is not present in the 'Mappings' section of template.", map));
  const auto* found = mapping == nullptr ? nullptr : mapping->find(row);
  if (found != nullptr) found = found->find(column);
  if (found == nullptr) {
    if (fallback != nullptr) return present(*fallback);
    return template_error(fmt::format("Unable to get mapping for {}::{}::{}", map, row, column));
  }
  return *found;
}

Result<json::Value> Evaluator::cidr(const json::Value& argument) {
  TM_TRY(const auto* list_argument, arguments("Fn::Cidr", argument, 2, 3));
  TM_TRY(const auto block, text((*list_argument)[0]));
  TM_TRY(const auto count_text, text((*list_argument)[1]));
  std::string bits_text = "8";
  if (list_argument->size() == 3) {
    TM_TRY(bits_text, text((*list_argument)[2]));
  }
  if (block.find(kKnownAfterApply) != std::string::npos) return unknown_value();
  std::array<std::uint32_t, 5> numbers{};  // four octets and the prefix length
  const char* at = block.data();
  const char* const end = block.data() + block.size();
  bool fine = true;
  for (std::size_t i = 0; i < numbers.size() && fine; ++i) {
    const auto [next, error] = std::from_chars(at, end, numbers[i]);
    fine = error == std::errc{} &&
           (i < 4 ? numbers[i] <= 255 && next < end && *next == (i < 3 ? '.' : '/') : numbers[i] <= 32 && next == end);
    at = next + 1;
  }
  std::uint32_t count = 0, bits = 0;
  fine = fine && std::from_chars(count_text.data(), count_text.data() + count_text.size(), count).ec == std::errc{} &&
         count >= 1 && count <= 256;
  fine = fine && std::from_chars(bits_text.data(), bits_text.data() + bits_text.size(), bits).ec == std::errc{} &&
         bits >= 1 && bits <= 32;
  fine = fine && 32 - bits >= numbers[4];
  const std::uint64_t size = std::uint64_t{1} << bits;
  if (!fine || count * size > (std::uint64_t{1} << (32 - numbers[4]))) {
    return template_error(
        fmt::format("Fn::Cidr cannot make {} blocks of {} bits from {}", count_text, bits_text, block));
  }
  const std::uint64_t mask = numbers[4] == 0 ? 0 : ~std::uint64_t{0} << (32 - numbers[4]);
  const std::uint64_t base =
      ((std::uint64_t{numbers[0]} << 24) | (numbers[1] << 16) | (numbers[2] << 8) | numbers[3]) & mask;
  json::Array blocks;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto address = base + i * size;
    blocks.emplace_back(fmt::format("{}.{}.{}.{}/{}", (address >> 24) & 255, (address >> 16) & 255,
                                    (address >> 8) & 255, address & 255, 32 - bits));
  }
  return json::Value(std::move(blocks));
}

Result<Optional> Evaluator::choose(const json::Value& argument) {
  TM_TRY(const auto* three, arguments("Fn::If", argument, 3, 3));
  if (!(*three)[0].is_string())
    return template_error("Fn::If requires a list argument with the first element being a condition");
  const auto found = scope_.conditions.find((*three)[0].as_string());
  if (found == scope_.conditions.end()) {
    return invalid(
        fmt::format("Template format error: Unresolved condition dependency {} in the Resources block of the template",
                    (*three)[0].as_string()));
  }
  return run((*three)[found->second ? 1 : 2]);
}

Result<json::Value> Evaluator::call(std::string_view function, const json::Value& argument) {
  if (function == "Fn::GetAtt") return get_att(argument);
  if (function == "Fn::Sub") return sub(argument);
  if (function == "Fn::Join") return join(argument);
  if (function == "Fn::Select") return select(argument);
  if (function == "Fn::Split") return split(argument);
  if (function == "Fn::FindInMap") return find_in_map(argument);
  if (function == "Fn::Cidr") return cidr(argument);
  if (function == "Fn::Base64") {
    TM_TRY(const auto source, text(argument));
    if (source.find(kKnownAfterApply) != std::string::npos) return unknown_value();
    return json::Value(to_base64(source));
  }
  if (function == "Fn::GetAZs") {
    TM_TRY(const auto region, text(argument));
    json::Array zones;
    for (auto& zone : availability_zones(region.empty() ? scope_.pseudo.region : region))
      zones.emplace_back(std::move(zone));
    return json::Value(std::move(zones));
  }
  if (function == "Fn::ImportValue") {
    TM_TRY(const auto name, text(argument));
    if (name.find(kKnownAfterApply) != std::string::npos) return unknown_value();
    if (!scope_.import_value) return template_error("Fn::ImportValue cannot be used here");
    TM_TRY(auto value, scope_.import_value(name));
    return json::Value(std::move(value));
  }
  if (function == "Fn::Length" || function == "Fn::ToJsonString") {
    if (!scope_.source->has_transform("AWS::LanguageExtensions")) {
      return template_error(fmt::format("{} needs the transform AWS::LanguageExtensions", function));
    }
    TM_TRY(const auto value, present(argument));
    if (!is_known(value)) return unknown_value();
    if (function == "Fn::ToJsonString") {
      if (!value.is_array() && !value.is_object())
        return template_error("Fn::ToJsonString requires an object or a list");
      return json::Value(value.text());
    }
    if (!value.is_array()) return template_error("Fn::Length requires a list");
    return json::Value(static_cast<std::int64_t>(value.as_array().size()));
  }
  if (function == "Fn::Equals" || function == "Fn::And" || function == "Fn::Or" || function == "Fn::Not" ||
      function == "Fn::Contains" || function == "Fn::EachMemberEquals" || function == "Fn::EachMemberIn") {
    json::Object whole;
    whole[function] = argument;
    TM_TRY(const auto truth, condition(json::Value(std::move(whole))));
    return json::Value(truth);
  }
  if (function == "Fn::Transform") return template_error("Fn::Transform (macros, AWS::Include) is not supported");
  if (function.starts_with("Fn::ForEach::")) return template_error(fmt::format("{} is not supported", function));
  return template_error(fmt::format("unsupported function: {}", function));
}

Result<bool> Evaluator::condition(const json::Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_string() && (value.as_string() == "true" || value.as_string() == "false"))
    return value.as_string() == "true";
  if (!value.is_object() || value.as_object().size() != 1) {
    return invalid("Template format error: Every Conditions member must be a condition function, found " +
                   value.text());
  }
  const auto& [name, argument] = *value.as_object().begin();
  if (name == "Condition") {
    if (!argument.is_string()) return invalid("Template format error: Every Condition member must be a string.");
    const auto found = scope_.conditions.find(argument.as_string());
    if (found == scope_.conditions.end()) {
      return invalid(fmt::format(
          "Template format error: Unresolved condition dependency {} in the Conditions block of the template",
          argument.as_string()));
    }
    return found->second;
  }
  if (name == "Fn::Equals") {
    TM_TRY(const auto* both, arguments("Fn::Equals", argument, 2, 2));
    TM_TRY(const auto left, present((*both)[0]));
    TM_TRY(const auto right, present((*both)[1]));
    const auto left_text = scalar_text(left), right_text = scalar_text(right);
    return left_text && right_text ? *left_text == *right_text : left == right;
  }
  if (name == "Fn::And" || name == "Fn::Or") {
    TM_TRY(const auto* list_argument, arguments(name, argument, 2, 10));
    bool result = name == "Fn::And";
    for (const auto& one : *list_argument) {
      TM_TRY(const auto truth, condition(one));
      result = name == "Fn::And" ? result && truth : result || truth;
    }
    return result;
  }
  if (name == "Fn::Not") {
    TM_TRY(const auto* one, arguments("Fn::Not", argument, 1, 1));
    TM_TRY(const auto truth, condition((*one)[0]));
    return !truth;
  }
  if (name == "Fn::Contains" || name == "Fn::EachMemberEquals" || name == "Fn::EachMemberIn") {
    TM_TRY(const auto* both, arguments(name, argument, 2, 2));
    const auto texts = [this](const json::Value& from) -> Result<std::vector<std::string>> {
      TM_TRY(const auto result, present(from));
      std::vector<std::string> out;
      const auto add = [&out](const json::Value& one) { out.push_back(scalar_text(one).value_or(one.text())); };
      if (result.is_array())
        std::for_each(result.as_array().begin(), result.as_array().end(), add);
      else
        add(result);
      return out;
    };
    TM_TRY(const auto left, texts((*both)[0]));
    TM_TRY(const auto right, texts((*both)[1]));
    const auto within = [](const std::vector<std::string>& set, const std::string& one) {
      return std::find(set.begin(), set.end(), one) != set.end();
    };
    if (name == "Fn::Contains")
      return std::any_of(right.begin(), right.end(), [&](const auto& one) { return within(left, one); });
    // Fn::EachMemberEquals: every member of the list is this value. Fn::EachMemberIn: every member is within the other
    // list.
    return std::all_of(left.begin(), left.end(), [&](const auto& one) { return within(right, one); });
  }
  // Ref or FindInMap that gives "true" or "false".
  TM_TRY(const auto result, present(value));
  if (result.is_bool()) return result.as_bool();
  if (result.is_string() && (result.as_string() == "true" || result.as_string() == "false"))
    return result.as_string() == "true";
  return invalid("Template format error: a condition must be true or false, found " + result.text());
}

// Conditions may name each other in any order: each is evaluated when first needed.
class Conditions {
 public:
  explicit Conditions(const Evaluation& scope) : scope_(scope) { scope_.resources = nullptr; }

  Result<ConditionValues> all() {
    for (const auto& [name, expression] : scope_.source->conditions.as_object()) TM_CHECK(need(name));
    return std::move(scope_.conditions);
  }

 private:
  Status need(const std::string& name) {
    if (scope_.conditions.contains(name)) return {};
    const auto* expression = scope_.source->conditions.find(name);
    if (expression == nullptr) {
      return invalid(fmt::format(
          "Template format error: Unresolved condition dependency {} in the Conditions block of the template", name));
    }
    if (!under_way_.insert(name).second)
      return invalid(fmt::format("Template format error: Circular dependencies for condition: {}", name));
    TM_CHECK(need_names(*expression));
    TM_TRY(const auto truth, Evaluator(scope_).condition(*expression));
    scope_.conditions.emplace(name, truth);
    return {};
  }

  Status need_names(const json::Value& value) {
    if (value.is_array()) {
      for (const auto& element : value.as_array()) TM_CHECK(need_names(element));
    } else if (value.is_object()) {
      for (const auto& [name, member] : value.as_object()) {
        if (name == "Condition" && member.is_string()) TM_CHECK(need(member.as_string()));
        if (name == "Fn::If" && member.is_array() && !member.as_array().empty() && member.as_array()[0].is_string()) {
          TM_CHECK(need(member.as_array()[0].as_string()));
        }
        TM_CHECK(need_names(member));
      }
    }
    return {};
  }

  Evaluation scope_;
  std::set<std::string> under_way_;
};

}  // namespace

bool is_known(const json::Value& value) {
  if (value.is_string()) return value.as_string().find(kKnownAfterApply) == std::string::npos;
  if (value.is_array()) return std::all_of(value.as_array().begin(), value.as_array().end(), is_known);
  if (value.is_object()) {
    return std::all_of(value.as_object().begin(), value.as_object().end(),
                       [](const auto& member) { return is_known(member.second); });
  }
  return true;
}

Result<Optional> evaluate(const Evaluation& scope, const json::Value& value) { return Evaluator(scope).run(value); }

Result<json::Value> evaluate_present(const Evaluation& scope, const json::Value& value) {
  TM_TRY(auto result, evaluate(scope, value));
  if (!result) return template_error("AWS::NoValue stands where a value is needed");
  return *std::move(result);
}

Result<ConditionValues> evaluate_conditions(const Evaluation& scope) { return Conditions(scope).all(); }

Status check_rules(const Evaluation& scope) {
  Evaluation plain = scope;
  plain.resources = nullptr;
  Evaluator evaluator(plain);
  for (const auto& [name, rule] : scope.source->rules.as_object()) {
    if (const auto* when = rule.find("RuleCondition")) {
      TM_TRY(const auto applies, evaluator.condition(*when));
      if (!applies) continue;
    }
    const auto* assertions = rule.find("Assertions");
    if (assertions == nullptr || !assertions->is_array())
      return invalid(fmt::format("Template format error: Rule {} must have a list of Assertions", name));
    for (const auto& assertion : assertions->as_array()) {
      const auto* check = assertion.find("Assert");
      if (check == nullptr)
        return invalid(fmt::format("Template format error: every assertion of rule {} must have an Assert", name));
      TM_TRY(const auto holds, evaluator.condition(*check));
      if (!holds)
        return invalid(fmt::format("Template validation error: Rule {} failed: {}", name,
                                   assertion.string_or("AssertDescription", "an assertion does not hold")));
    }
  }
  return {};
}

std::vector<std::string> availability_zones(std::string_view region) {
  std::vector<std::string> zones;
  for (const char letter : {'a', 'b', 'c'}) zones.push_back(std::string(region) + letter);
  return zones;
}

}  // namespace tidemill::deploy
