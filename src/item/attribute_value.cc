#include "item/attribute_value.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "base/bytes.h"

namespace tidemill::item {

std::string_view to_string(Type type) {
  switch (type) {
    case Type::kString: return "S";
    case Type::kNumber: return "N";
    case Type::kBinary: return "B";
    case Type::kBool: return "BOOL";
    case Type::kNull: return "NULL";
    case Type::kMap: return "M";
    case Type::kList: return "L";
    case Type::kStringSet: return "SS";
    case Type::kNumberSet: return "NS";
    case Type::kBinarySet: return "BS";
  }
  std::unreachable();
}

std::string_view long_name(Type type) {
  switch (type) {
    case Type::kString: return "STRING";
    case Type::kNumber: return "NUMBER";
    case Type::kBinary: return "BINARY";
    case Type::kBool: return "BOOLEAN";
    case Type::kNull: return "NULL";
    case Type::kMap: return "MAP";
    case Type::kList: return "LIST";
    case Type::kStringSet: return "STRING_SET";
    case Type::kNumberSet: return "NUMBER_SET";
    case Type::kBinarySet: return "BINARY_SET";
  }
  std::unreachable();
}

Map::Map() = default;
Map::Map(const Map&) = default;
Map::Map(Map&&) noexcept = default;
Map& Map::operator=(const Map&) = default;
Map& Map::operator=(Map&&) noexcept = default;
Map::~Map() = default;

Map Map::from(std::vector<Member> members) {
  Map map;
  const auto out_of_order = [](const Member& a, const Member& b) { return a.name >= b.name; };
  if (std::ranges::adjacent_find(members, out_of_order) == members.end()) {  // stored items, and most that are sent
    map.members_ = std::move(members);
    return map;
  }
  map.members_.reserve(members.size());
  // Members are heavy to move: their places are sorted, and each moves once.
  std::vector<std::uint32_t> order(members.size());
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::sort(order, [&members](std::uint32_t a, std::uint32_t b) {
    const int compared = members[a].name.compare(members[b].name);
    return compared != 0 ? compared < 0 : a < b;
  });
  for (const auto at : order) {
    auto& member = members[at];
    if (!map.members_.empty() && map.members_.back().name == member.name)
      map.members_.back() = std::move(member);
    else
      map.members_.push_back(std::move(member));
  }
  return map;
}

const AttributeValue* Map::find(std::string_view name) const {
  // Most maps are small, and most names differ in length: to look at each is faster than to compare a few for order.
  constexpr std::size_t kFew = 8;
  if (members_.size() <= kFew) {
    for (const auto& member : members_)
      if (member.name == name) return &member.value;
    return nullptr;
  }
  const auto at = std::ranges::lower_bound(members_, name, {}, &Member::name);
  return at != members_.end() && at->name == name ? &at->value : nullptr;
}

AttributeValue* Map::find(std::string_view name) {
  return const_cast<AttributeValue*>(std::as_const(*this).find(name));
}

AttributeValue& Map::set(std::string_view name, AttributeValue value) {
  auto at = std::ranges::lower_bound(members_, name, {}, &Member::name);
  if (at != members_.end() && at->name == name)
    at->value = std::move(value);
  else
    at = members_.insert(at, Member{std::string(name), std::move(value)});
  return at->value;
}

bool Map::erase(std::string_view name) {
  const auto at = std::ranges::lower_bound(members_, name, {}, &Member::name);
  if (at == members_.end() || at->name != name) return false;
  members_.erase(at);
  return true;
}

void Map::reserve(std::size_t count) { members_.reserve(count); }

bool Map::operator==(const Map& other) const { return members_ == other.members_; }

template <class T>
Set<T> Set<T>::from(std::vector<T> elements) {
  Set set;
  set.elements_ = std::move(elements);
  std::ranges::sort(set.elements_);
  const auto repeated = std::ranges::unique(set.elements_);
  set.elements_.erase(repeated.begin(), repeated.end());
  return set;
}

template <class T>
bool Set<T>::contains(const T& element) const {
  return std::ranges::binary_search(elements_, element);
}

template <class T>
void Set<T>::insert_all(const Set& other) {
  std::vector<T> all;
  all.reserve(size() + other.size());
  std::ranges::set_union(elements_, other.elements_, std::back_inserter(all));
  elements_ = std::move(all);
}

template <class T>
void Set<T>::erase_all(const Set& other) {
  std::vector<T> rest;
  std::ranges::set_difference(elements_, other.elements_, std::back_inserter(rest));
  elements_ = std::move(rest);
}

template class Set<std::string>;
template class Set<Number>;
template class Set<Binary>;

namespace {

struct Describe {
  std::string& out;

  void operator()(const std::string& text) const { out += text; }
  void operator()(const Number& number) const { number.append_text(out); }
  void operator()(const Binary& binary) const { append_base64(out, binary.bytes); }
  void operator()(bool flag) const { out += flag ? "true" : "false"; }
  void operator()(const Null&) const { out += "true"; }
  void operator()(const Map& map) const {
    out += '{';
    bool first = true;
    for (const auto& [name, value] : map) {
      if (!std::exchange(first, false)) out += ", ";
      out.append(name).append("=").append(describe(value));
    }
    out += '}';
  }
  void operator()(const List& list) const {
    out += '[';
    bool first = true;
    for (const auto& value : list) {
      if (!std::exchange(first, false)) out += ", ";
      out += describe(value);
    }
    out += ']';
  }
  template <class T>
  void operator()(const Set<T>& set) const {
    out += '[';
    bool first = true;
    for (const auto& element : set) {
      if (!std::exchange(first, false)) out += ", ";
      (*this)(element);
    }
    out += ']';
  }
};

}  // namespace

std::string describe(const AttributeValue& value) {
  std::string out = "AttributeValue: {";
  out.append(to_string(value.type())).append(":");
  std::visit(Describe{out}, value.data());
  out += '}';
  return out;
}

int depth(const AttributeValue& value) {
  int deepest = 0;
  if (const auto* map = value.get_if<Map>()) {
    for (const auto& member : *map) deepest = std::max(deepest, depth(member.value));
  } else if (const auto* list = value.get_if<List>()) {
    for (const auto& element : *list) deepest = std::max(deepest, depth(element));
  }
  return deepest + 1;
}

}  // namespace tidemill::item
