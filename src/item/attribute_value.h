// The ten attribute types of DynamoDB, and items made of them. All are plain values, compared by content.
// Canonical by construction: maps are ordered by name, sets are ordered and without duplicates, numbers are kept by
// value; so two values are equal in DynamoDB's sense exactly when they compare equal, and then their stored bytes are
// equal too.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "item/number.h"

namespace tidemill::item {

// The order is that of AttributeValue's variant.
enum class Type : unsigned char {
  kString,
  kNumber,
  kBinary,
  kBool,
  kNull,
  kMap,
  kList,
  kStringSet,
  kNumberSet,
  kBinarySet,
};

std::string_view to_string(Type type);  // the wire letters: S N B BOOL NULL M L SS NS BS
std::string_view long_name(Type type);  // STRING NUMBER BINARY BOOLEAN NULL MAP LIST STRING_SET NUMBER_SET BINARY_SET

class AttributeValue;
struct Member;

// Attribute names to values, ordered by the bytes of the name. A whole item is one of these.
class Map {
 public:
  Map();
  Map(const Map&);
  Map(Map&&) noexcept;
  Map& operator=(const Map&);
  Map& operator=(Map&&) noexcept;
  ~Map();

  // Takes members in any order; of a repeated name the last one stays.
  static Map from(std::vector<Member> members);

  bool empty() const;
  std::size_t size() const;
  const AttributeValue* find(std::string_view name) const;  // nullptr when absent
  AttributeValue* find(std::string_view name);
  bool contains(std::string_view name) const { return find(name) != nullptr; }
  AttributeValue& set(std::string_view name, AttributeValue value);  // inserts or replaces
  bool erase(std::string_view name);                                 // whether it was there
  const Member* begin() const;
  const Member* end() const;
  Member* begin();
  Member* end();
  void reserve(std::size_t count);

  bool operator==(const Map& other) const;

 private:
  std::vector<Member> members_;
};

using Item = Map;
using List = std::vector<AttributeValue>;

struct Binary {
  std::string bytes;
  auto operator<=>(const Binary&) const = default;
};
struct Null {
  bool operator==(const Null&) const = default;
};

// An ordered set in a vector; bytes are compared unsigned, numbers by value.
template <class T>
class Set {
 public:
  Set() = default;
  // Takes elements in any order and drops duplicates.
  static Set from(std::vector<T> elements);

  bool empty() const { return elements_.empty(); }
  std::size_t size() const { return elements_.size(); }
  auto begin() const { return elements_.begin(); }
  auto end() const { return elements_.end(); }
  bool contains(const T& element) const;
  void insert_all(const Set& other);
  void erase_all(const Set& other);
  bool operator==(const Set&) const = default;

 private:
  std::vector<T> elements_;
};

using StringSet = Set<std::string>;
using NumberSet = Set<Number>;
using BinarySet = Set<Binary>;

class AttributeValue {
 public:
  using Variant = std::variant<std::string, Number, Binary, bool, Null, Map, List, StringSet, NumberSet, BinarySet>;

  AttributeValue() : data_(Null{}) {}
  AttributeValue(std::string text) : data_(std::move(text)) {}
  AttributeValue(std::string_view text) : data_(std::string(text)) {}
  AttributeValue(const char* text) : data_(std::string(text)) {}
  AttributeValue(Number number) : data_(number) {}
  AttributeValue(Binary binary) : data_(std::move(binary)) {}
  AttributeValue(bool flag) : data_(flag) {}
  AttributeValue(Null) : data_(Null{}) {}
  AttributeValue(Map map) : data_(std::move(map)) {}
  AttributeValue(List list) : data_(std::move(list)) {}
  AttributeValue(StringSet set) : data_(std::move(set)) {}
  AttributeValue(NumberSet set) : data_(std::move(set)) {}
  AttributeValue(BinarySet set) : data_(std::move(set)) {}

  Type type() const { return static_cast<Type>(data_.index()); }
  bool is(Type type) const { return this->type() == type; }
  bool is_set() const { return type() >= Type::kStringSet; }

  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&data_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&data_);
  }

  // Each needs the type that it names.
  const std::string& string() const { return std::get<std::string>(data_); }
  const Number& number() const { return std::get<Number>(data_); }
  const std::string& binary() const { return std::get<Binary>(data_).bytes; }
  bool boolean() const { return std::get<bool>(data_); }
  const Map& map() const { return std::get<Map>(data_); }
  Map& map() { return std::get<Map>(data_); }
  const List& list() const { return std::get<List>(data_); }
  List& list() { return std::get<List>(data_); }
  const Variant& data() const { return data_; }
  Variant& data() { return data_; }

  bool operator==(const AttributeValue&) const = default;

 private:
  Variant data_;
};

struct Member {
  std::string name;
  AttributeValue value;
  bool operator==(const Member&) const = default;
};

inline bool Map::empty() const { return members_.empty(); }
inline std::size_t Map::size() const { return members_.size(); }
inline const Member* Map::begin() const { return members_.data(); }
inline const Member* Map::end() const { return members_.data() + members_.size(); }
inline Member* Map::begin() { return members_.data(); }
inline Member* Map::end() { return members_.data() + members_.size(); }

// As the service prints values in messages: `AttributeValue: {S:a}`.
std::string describe(const AttributeValue& value);

// Levels of nesting: 1 for a scalar or set, 1 more than the deepest element for lists and maps.
int depth(const AttributeValue& value);
inline constexpr int kMaxDepth = 32;

}  // namespace tidemill::item
