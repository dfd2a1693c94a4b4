#include "item/size.h"

namespace tidemill::item {
namespace {

struct Size {
  std::size_t operator()(const std::string& text) const { return text.size(); }
  std::size_t operator()(const Number& number) const { return number.size(); }
  std::size_t operator()(const Binary& binary) const { return binary.bytes.size(); }
  std::size_t operator()(bool) const { return 1; }
  std::size_t operator()(const Null&) const { return 1; }
  std::size_t operator()(const Map& map) const {
    std::size_t sum = 3;
    for (const auto& [name, value] : map) sum += 1 + name.size() + size_of(value);
    return sum;
  }
  std::size_t operator()(const List& list) const {
    std::size_t sum = 3;
    for (const auto& value : list) sum += 1 + size_of(value);
    return sum;
  }
  template <class T>
  std::size_t operator()(const Set<T>& set) const {
    std::size_t sum = 0;
    for (const auto& element : set) sum += (*this)(element);
    return sum;
  }
};

}  // namespace

std::size_t size_of(const AttributeValue& value) { return std::visit(Size{}, value.data()); }

std::size_t size_of(const Item& item) {
  std::size_t sum = 0;
  for (const auto& [name, value] : item) sum += name.size() + size_of(value);
  return sum;
}

std::size_t key_size(const AttributeValue& value) {
  if (const auto* text = value.get_if<std::string>()) return text->size();
  if (const auto* binary = value.get_if<Binary>()) return binary->bytes.size();
  return 0;
}

}  // namespace tidemill::item
